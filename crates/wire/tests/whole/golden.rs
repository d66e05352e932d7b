//! Stories as they are told, kept in files that people read. `REGENERATE_GOLDEN=1 cargo test -p wire` writes them anew.

use std::fmt::Write as _;
use std::path::Path;

use wire::story::{Options, Story};
use wire::{Ladder, Lines, Summary, summary};

use crate::naming;
use crate::script::Script;

/// Tells a script in all forms and compares it with the file of this name.
pub(crate) fn compare(name: &str, script: &Script) {
    let told = format!("{}\n{}\n{}", lines(script, None), ladder(script, 80), words(&summed_up(script), 80));
    compare_text(name, &told);
}

pub(crate) fn compare_text(name: &str, told: &str) {
    assert!(told.chars().all(|c| c == '\n' || wire::is_printable(c)), "a control character is alive:\n{told}");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name).with_extension("txt");
    if std::env::var_os("REGENERATE_GOLDEN").is_some() {
        std::fs::write(&path, told).unwrap();
        return;
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    assert!(told == kept, "{name} is told otherwise now (REGENERATE_GOLDEN=1 keeps it):\n{told}");
}

pub(crate) fn options() -> Options {
    Options { naming: Box::new(naming::Calc), ..Options::default() }
}

pub(crate) fn lines(script: &Script, width: Option<usize>) -> String {
    let (mut story, mut lines) = (Story::new(options()), Lines::new(width));
    let mut text = String::new();
    for (number, packet) in script.packets() {
        story.take(&packet, number, &mut |event| {
            lines.write(event, &mut text);
            text.push('\n');
        });
    }
    text
}

pub(crate) fn ladder(script: &Script, width: usize) -> String {
    let (mut story, mut ladder) = (Story::new(options()), Ladder::new(width));
    let mut text = String::new();
    for (number, packet) in script.packets() {
        story.take(&packet, number, &mut |event| ladder.draw(event, &mut text));
    }
    text
}

pub(crate) fn summed_up(script: &Script) -> Summary {
    let mut story = Story::new(options());
    for (number, packet) in script.packets() {
        story.take(&packet, number, &mut |_| {});
    }
    story.finish()
}

pub(crate) fn words(it: &Summary, width: usize) -> String {
    let mut text = String::new();
    summary::write(it, width, &mut text);
    text
}

pub(crate) fn json(script: &Script) -> String {
    let mut story = Story::new(Options { acknowledgements: true, ..options() });
    let mut text = String::new();
    for (number, packet) in script.packets() {
        story.take(&packet, number, &mut |event| {
            writeln!(text, "{}", serde_json::to_string(event).unwrap()).unwrap();
        });
    }
    text + &serde_json::to_string_pretty(&story.finish()).unwrap() + "\n"
}
