//! The room we are in, so that whoever comes back comes back there, and what was typed for that room is not said in another one.

use super::lasting::notice;
use super::{Client, Phase, echo};
use crate::chat::commands::Command;
use crate::chat::{IN_ROOM, IN_ROOM_ENDS, Name, TOO_MANY_ROOMS};
use crate::visible::Text;
use crate::{Now, Outbox};

/// Without a room of either kind it is the lobby, or a server that has no rooms.
#[derive(Debug, Default)]
pub(super) struct Whereabouts {
    /// As the server told it.
    room: Option<Name>,
    /// Asked for since then, and not answered.
    asked: Option<Name>,
}

/// What the server answers to `/join`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Entered,
    Refused,
}

impl Whereabouts {
    /// Where the person believes to be.
    fn wanted(&self) -> Option<&Name> {
        self.asked.as_ref().or(self.room.as_ref())
    }

    fn forget(&mut self) -> Option<Name> {
        let Self { room, asked } = std::mem::take(self);
        asked.or(room)
    }

    pub(super) fn note_sent(&mut self, line: &[u8]) {
        let command = std::str::from_utf8(line).ok().and_then(Command::parse);
        if let Some(Command::Join(room)) = command
            && let Ok(room) = Name::new(room.as_bytes())
        {
            self.asked = Some(room);
        }
    }

    pub(super) fn note_said(&mut self, message: &[u8]) -> Option<Answer> {
        let notice = notice(message)?;
        if notice == TOO_MANY_ROOMS {
            self.asked = None;
            return Some(Answer::Refused);
        }
        let rest = notice.strip_prefix(IN_ROOM)?;
        let room = IN_ROOM_ENDS.into_iter().find_map(|end| rest.strip_suffix(end))?;
        // No name has a colon, so what a member whispers is no room.
        let room = Name::new(room.as_bytes()).ok()?;
        // Else another one is still asked for.
        if self.asked.as_ref().is_some_and(|asked| asked.key() == room.key()) {
            self.asked = None;
        }
        self.room = Some(room);
        Some(Answer::Entered)
    }
}

impl Client {
    /// The room to go back to before anything else is said.
    pub(super) fn wanted_room(&self) -> Option<&Name> {
        self.lasting.as_ref()?.whereabouts.wanted()
    }

    /// Asks for the room again, where there is one to go back to.
    pub(super) fn go_back(&mut self, now: Now, out: &mut Outbox) -> bool {
        let Some(room) = self.wanted_room() else { return false };
        let join = format!("/join {room}");
        echo(join.as_bytes(), out);
        out.send(self.dial.peer(), join.as_bytes());
        self.outgoing.note_spoken(now.uptime);
        self.phase = Phase::Returning { until: now.uptime + self.dial.answer_max };
        true
    }

    /// The server does not let us back: what was typed for that room is for nobody else.
    pub(super) fn stay_away(&mut self, out: &mut Outbox) {
        if let Some(room) = self.lasting.as_mut().and_then(|lasting| lasting.whereabouts.forget()) {
            out.complain(format_args!("we did not get back to {room}"));
        }
        for line in self.outgoing.take_waiting() {
            out.complain(format_args!("not sent: {}", Text(&line)));
        }
        self.phase = Phase::Talking;
    }
}
