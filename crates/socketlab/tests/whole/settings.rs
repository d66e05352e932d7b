//! Configuration, arguments and what is told about them.

use std::process::{Command, Output};

use crate::peer::Stream;
use crate::server::{Server, skip, socketlab};

fn run(configure: impl FnOnce(&mut Command) -> &mut Command) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let mut command = socketlab(&folder);
    configure(&mut command);
    command.output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Its ports are free in a network of its own.
#[test]
fn the_example_of_the_manual_works_as_written() {
    const EXAMPLE: &str = "socketlab serve calc=127.0.0.1:9004 clock=127.0.0.1:9003 sum=udp://[::1]:9006";
    const WITH_LOOPBACK: &str = "ip link set lo up && exec \"$0\" \"$@\"";
    assert!(include_str!("../../../../README.md").contains(EXAMPLE));
    let alone = || {
        let mut command = Command::new("unshare");
        command.args(["--map-root-user", "--net", "sh", "-c", WITH_LOOPBACK]);
        command
    };
    if !alone().arg("true").output().is_ok_and(|output| output.status.success()) {
        return skip("the manual's example: needs unshare and ip, and a system that allows network namespaces");
    }
    let folder = tempfile::tempdir().unwrap();
    let program = socketlab(&folder);
    let mut command = alone();
    command.arg(program.get_program()).args(EXAMPLE.split(' ').skip(1)).env("XDG_STATE_HOME", folder.path());
    let server = Server::spawn(&mut command);
    assert_eq!(server.at("calc", "tcp").to_string(), "127.0.0.1:9004");
    assert_eq!(server.at("clock", "udp").to_string(), "127.0.0.1:9003");
    assert_eq!(server.at("sum", "udp").to_string(), "[::1]:9006");
}

#[test]
fn a_name_alone_beside_an_address_adds_the_usual_places() {
    let output = run(|command| command.args(["config", "clock", "clock=tcp://127.0.0.1:0"]));
    let shown = text(&output.stdout);
    assert!(shown.contains("clock.listen = [\"12003\", \"tcp://127.0.0.1:0\"]  # from: clock=ADDRESS"), "{shown}");
}

#[test]
fn a_file_says_what_is_served_where() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("lab.toml");
    std::fs::write(&file, "[sum]\nlisten = \"tcp://[::1]:0\"\ndialect = \"steps\"\n").unwrap();
    let server = Server::start(&["sum", "--config", file.to_str().unwrap()]);
    Stream::connect(server.at_v6("sum", "tcp")).expect("welcome");
}

#[test]
fn an_unknown_key_is_refused_with_line_and_caret() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("lab.toml");
    std::fs::write(&file, "[calc]\nmembers = 3\nmembrs = 4\n").unwrap();
    let output = run(|command| command.args(["serve", "--config"]).arg(&file));
    let told = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2));
    assert!(told.contains("3 | membrs = 4\n  | ^^^^^^"), "{told}");
}

#[test]
fn config_shows_where_each_value_comes_from() {
    let output =
        run(|command| command.args(["config", "calc", "--members", "7"]).env("SOCKETLAB_CALC_IDLE_TIMEOUT", "9s"));
    let shown = text(&output.stdout);
    assert!(shown.contains("calc.members = 7  # from: --members\n"), "{shown}");
    assert!(shown.contains("calc.idle_timeout = \"9s\"  # from: $SOCKETLAB_CALC_IDLE_TIMEOUT\n"), "{shown}");
    assert!(shown.contains("1 to 1000000; default 3000\nsum.members = 3000  # from: default\n"), "{shown}");
}

#[test]
fn the_version_of_ip_is_a_setting() {
    let shown = text(&run(|command| command.args(["config", "-6"]).env("SOCKETLAB_SERVER_IP", "4")).stdout);
    assert!(shown.contains("\"any\", \"4\", \"6\"; default \"any\"\nserver.ip = \"6\"  # from: -6\n"), "{shown}");
    let server = Server::start(&["echo=LocalHost:0", "--set", "server.ip=6"]);
    assert!(server.head.len() == 3 && server.at("echo", "tcp").is_ipv6(), "{:?}", server.head);
}

/// What `config` prints is itself a configuration: every key can be written and read back.
#[test]
fn what_config_shows_can_be_read_back() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("all.toml");
    let shown = run(|command| command.arg("config"));
    std::fs::write(&file, &shown.stdout).unwrap();
    let again = run(|command| command.args(["config", "--config"]).arg(&file));
    assert!(again.status.success(), "{}", text(&again.stderr));
    assert!(!text(&again.stdout).contains("from: default"), "every key is read from the file");
}

#[test]
fn wrong_arguments_exit_with_2_and_say_what_is_allowed() {
    for (args, part) in [
        (&["serve", "chess"][..], "there is no service `chess`; choose from numbers, echo"),
        (&["serve", "calc=udp://0"], "calc is not served over udp"),
        (&["serve", "calc=nowhere:x"], "`x` is not a port from 0 to 65535"),
        (&["serve", "--set", "calc.members=0"], "0 is not from 1 to 1000000"),
        (&["serve", "--set", "calc.member=1"], "unknown field `member`"),
        (&["calc", "--udp"], "calc is not spoken over udp"),
        (&["echo", "--tcp", "udp://localhost"], "different transports"),
        (&["sum", "--udp", "--dialect", "steps"], "steps are spoken over tcp only"),
        (&["help", "chess"], "there is no command `chess`"),
        (&["calc", "--name", "q"], "would not take `q` as a name"),
        (&["calc", "--name", "two\nlines"], "would not take `two\\nlines` as a name"),
        (&["add", "--name", ""], "with --name"),
        // With its number it is one longer than a name may be.
        (&["add", "--name", &"n".repeat(61)], "with --name"),
        (&["serve", "calc=127.0.0.1:39111", "add=39111"], "calc and add cannot both listen at tcp://127.0.0.1:39111"),
        (&["serve", "calc=0.0.0.0:39111", "calc=127.0.0.1:39111"], "calc cannot listen twice at tcp://0.0.0.0:39111"),
        (&["serve", "calc=[::1]:0", "-4"], "leave out -4"),
        (&["clock", "--every", "0s"], "`0s` is less than 1ms"),
        (&["echo", "--timeout", "0s"], "`0s` is less than 1ms"),
        (&["clock", "--every", "2s..1s"], "the end is before the start"),
        (&["nonsense"], "unrecognized subcommand"),
    ] {
        let output = run(|command| command.args(args));
        let told = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {told}");
        assert!(told.contains(part), "{args:?}: {told}");
    }
}

#[test]
fn a_port_in_use_is_one_sentence_with_the_next_step() {
    let server = Server::start(&["calc=127.0.0.1:0"]);
    let wish = format!("calc={}", server.at("calc", "tcp"));
    let output = run(|command| command.args(["serve", &wish]));
    let told = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("another program has this port") && told.lines().count() == 1, "{told}");
}

#[test]
fn help_completions_and_manual_are_there() {
    let help = run(|command| command.arg("help"));
    assert!(text(&help.stdout).contains("The labs' clients"));
    assert_eq!(help.stdout, run(|command| command.arg("--help")).stdout);
    for (args, part) in [
        (["help", "serve"], "--idle-timeout"),
        (["completions", "bash"], "complete"),
        (["completions", "zsh"], "#compdef socketlab"),
        (["completions", "fish"], "complete -c socketlab"),
        (["man", ""], ".TH socketlab"),
    ] {
        let args: Vec<_> = args.into_iter().filter(|arg| !arg.is_empty()).collect();
        let output = run(|command| command.args(&args));
        assert!(output.status.success() && text(&output.stdout).contains(part), "{args:?}");
    }
}
