//! The labs' machines on real sockets, with tokio.
//!
//! [`serve()`] runs services until a signal; [`join()`] runs one client. One task a connection owns its machine, one task a
//! datagram socket owns its machine: there is no queue and no lock between what arrives and what is answered.
#![forbid(unsafe_code)]

mod accept;
mod byte_stream;
mod clock;
mod datagram;
mod dial;
mod gate;
mod join;
mod keyboard;
mod listen;
mod log;
mod resolve;
mod room;
mod serve;
mod signals;
mod store;
mod stream;
mod tls;
mod welcome;

pub use dial::{CallTls, JoinError};
pub use gate::Limits;
pub use join::{JoinPlan, join};
pub use keyboard::{Keyboard, Typed, Typist, keyboard};
pub use listen::{BindError, Endpoint, Listen, Scheme};
pub use log::{Line, Log};
pub use resolve::Family;
pub use rustls::ServerConfig;
pub use rustls::pki_types::ServerName;
pub use serve::{MakeMachine, RoomPlan, ServeError, ServicePlan, descriptor_limit, serve};
pub use store::{Keep, StoreError, StorePlan};
pub use tls::TlsPlan;
