//! What forbids a network of one's own, and the least that mends it.

use std::fmt;
use std::fs::read_to_string;
use std::io;
use std::path::PathBuf;

/// How far it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    User,
    Maps,
    Network,
    Link,
    Route,
    Mounts,
    Processes,
    Files,
}

/// Why a process cannot have a network of its own on this system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hindrance {
    /// What forbids it, as a whole sentence's end: `kernel.unprivileged_userns_clone is 0`.
    pub why: String,
    /// The one least setting that allows it: a command, or what to start the container with.
    pub mend: Option<String>,
}

impl fmt::Display for Hindrance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "this system does not let a user have a network of their own: {}", self.why)?;
        self.mend.as_ref().map_or(Ok(()), |mend| write!(f, "; {mend}"))
    }
}

impl std::error::Error for Hindrance {}

/// What the system says of itself.
#[derive(Clone, Debug, Default)]
pub(super) struct Readings {
    /// `kernel.unprivileged_userns_clone`, where Debian's and similar kernels have it.
    pub(super) unprivileged_clone: Option<u64>,
    /// `user.max_user_namespaces`.
    pub(super) user_namespaces_max: Option<u64>,
    /// `user.max_net_namespaces`.
    pub(super) network_namespaces_max: Option<u64>,
    /// `user.max_mnt_namespaces`.
    pub(super) mount_namespaces_max: Option<u64>,
    /// `user.max_pid_namespaces`.
    pub(super) process_namespaces_max: Option<u64>,
    /// `kernel.apparmor_restrict_unprivileged_userns`, on Ubuntu since 23.10.
    pub(super) apparmor_restricts: Option<u64>,
    /// Whether this process runs under a seccomp filter, as in most containers.
    pub(super) seccomp: bool,
    /// Whether it is in a container by the marks that Docker and Podman leave.
    pub(super) container: bool,
    pub(super) program: PathBuf,
}

impl Readings {
    /// To be taken outside: a new user namespace has limits of its own, and reads those.
    pub(super) fn take() -> Self {
        let number = |name: &str| read_to_string(format!("/proc/sys/{name}")).ok()?.trim().parse().ok();
        let status = read_to_string("/proc/self/status").unwrap_or_default();
        Self {
            unprivileged_clone: number("kernel/unprivileged_userns_clone"),
            user_namespaces_max: number("user/max_user_namespaces"),
            network_namespaces_max: number("user/max_net_namespaces"),
            mount_namespaces_max: number("user/max_mnt_namespaces"),
            process_namespaces_max: number("user/max_pid_namespaces"),
            apparmor_restricts: number("kernel/apparmor_restrict_unprivileged_userns"),
            seccomp: status.lines().any(|line| line.starts_with("Seccomp:") && line.ends_with('2')),
            container: ["/.dockerenv", "/run/.containerenv"].iter().any(|mark| std::fs::exists(mark).unwrap_or(false)),
            program: std::env::current_exe().unwrap_or_else(|_error| "socketlab".into()),
        }
    }
}

impl Readings {
    /// What to tell of an error at this step.
    pub(super) fn told(&self, step: Step) -> impl FnOnce(io::Error) -> Hindrance {
        move |error| diagnose(step, &error, self)
    }
}

/// A number of namespaces that nobody reaches by accident, as kernels have it by default on small machines.
const NAMESPACES: u64 = 10_000;

/// From the first step that failed, its error and the system's settings to what a person can do.
fn diagnose(step: Step, error: &io::Error, readings: &Readings) -> Hindrance {
    let hindrance = |why: &str, mend: String| Hindrance { why: why.to_owned(), mend: Some(mend) };
    let used_up = matches!(error.raw_os_error(), Some(libc::ENOSPC | libc::EUSERS));
    let limit = match step {
        Step::Network => ("user.max_net_namespaces", readings.network_namespaces_max),
        Step::Mounts => ("user.max_mnt_namespaces", readings.mount_namespaces_max),
        Step::Processes => ("user.max_pid_namespaces", readings.process_namespaces_max),
        Step::User | Step::Maps | Step::Link | Step::Route | Step::Files => {
            ("user.max_user_namespaces", readings.user_namespaces_max)
        }
    };
    if let (true, (name, Some(most))) = (used_up, limit) {
        let why = if most == 0 { format!("{name} is 0") } else { format!("{name} allows {most}, and all are in use") };
        let more = NAMESPACES.max(most.saturating_mul(2));
        return hindrance(&why, format!("`sudo sysctl {name}={more}` allows it"));
    }
    if step == Step::User && readings.unprivileged_clone == Some(0) {
        let name = "kernel.unprivileged_userns_clone";
        return hindrance(&format!("{name} is 0"), format!("`sudo sysctl {name}=1` allows it"));
    }
    if readings.apparmor_restricts.is_some_and(|restricts| restricts != 0) {
        return hindrance(
            "AppArmor takes the rights of new user namespaces away (kernel.apparmor_restrict_unprivileged_userns is 1)",
            format!("a profile allows it for this program alone: {}", apparmor_profile(readings)),
        );
    }
    if error.raw_os_error() == Some(libc::ENOSYS) {
        return Hindrance {
            why: "the kernel is older than Linux 5.12, and cannot make all files read-only".to_owned(),
            mend: None,
        };
    }
    if readings.container || (step == Step::User && readings.seccomp) {
        return hindrance(
            "the container's seccomp filter or security module refuses it",
            "start the container with `--security-opt seccomp=unconfined`".to_owned(),
        );
    }
    let what = match step {
        Step::User => "making a user namespace",
        Step::Maps => "writing the user namespace's maps",
        Step::Network => "making a network namespace",
        Step::Link => "setting up its loopback interface",
        Step::Route => "adding its route",
        Step::Mounts => "making a mount namespace",
        Step::Processes => "making a process namespace",
        Step::Files => "making the computer's files read-only",
    };
    Hindrance {
        why: format!("{what} failed: {error}; a security module such as SELinux, or a chroot, may be the reason"),
        mend: None,
    }
}

fn apparmor_profile(readings: &Readings) -> String {
    const FILE: &str = "/etc/apparmor.d/socketlab";
    let program = readings.program.display();
    let profile = format!("abi <abi/4.0>, profile socketlab \"{program}\" flags=(unconfined) {{ userns, }}");
    format!("`echo '{profile}' | sudo tee {FILE} && sudo apparmor_parser -r {FILE}`")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused() -> io::Error {
        io::Error::from_raw_os_error(libc::EPERM)
    }

    #[test]
    fn a_limit_is_named_with_its_setting() {
        let full = io::Error::from_raw_os_error(libc::ENOSPC);
        let none = Readings { user_namespaces_max: Some(0), ..Readings::default() };
        let told = diagnose(Step::User, &full, &none).to_string();
        assert!(
            told.ends_with("user.max_user_namespaces is 0; `sudo sysctl user.max_user_namespaces=10000` allows it")
        );
        let few = Readings { network_namespaces_max: Some(8000), ..Readings::default() };
        let told = diagnose(Step::Network, &full, &few).to_string();
        assert!(told.contains("user.max_net_namespaces allows 8000, and all are in use"), "{told}");
        assert!(told.contains("=16000"), "{told}");
    }

    #[test]
    fn debians_switch_comes_before_guesses() {
        let readings = Readings { unprivileged_clone: Some(0), seccomp: true, ..Readings::default() };
        let told = diagnose(Step::User, &refused(), &readings);
        assert_eq!(told.why, "kernel.unprivileged_userns_clone is 0");
    }

    #[test]
    fn apparmor_shows_at_whatever_step_it_strikes() {
        let readings =
            Readings { apparmor_restricts: Some(1), program: "/opt/socketlab".into(), ..Readings::default() };
        for step in [Step::User, Step::Maps, Step::Network, Step::Link] {
            let mend = diagnose(step, &refused(), &readings).mend.unwrap();
            assert!(mend.contains("profile socketlab \"/opt/socketlab\" flags=(unconfined) { userns, }"), "{mend}");
        }
    }

    #[test]
    fn an_old_kernel_is_named() {
        let old = io::Error::from_raw_os_error(libc::ENOSYS);
        let told = diagnose(Step::Files, &old, &Readings { container: true, ..Readings::default() });
        assert!(told.why.contains("older than Linux 5.12"), "{told}");
    }

    #[test]
    fn what_is_not_known_is_not_claimed() {
        let told = diagnose(Step::Link, &refused(), &Readings::default());
        assert_eq!(told.mend, None);
        assert!(told.why.starts_with("setting up its loopback interface failed: Operation not permitted"));
        let contained = Readings { container: true, ..Readings::default() };
        assert!(diagnose(Step::Network, &refused(), &contained).mend.unwrap().contains("seccomp=unconfined"));
    }
}
