//! Two crates of the lowest floor make text safe for a terminal, and neither may import the other: here they are held to one form.

use std::fmt::Write as _;

#[test]
fn labs_and_wire_show_every_character_alike() {
    for c in '\0'..=char::MAX {
        let mut shown = String::new();
        assert!(labs::Visible(&mut shown).write_char(c).is_ok());
        let text = c.to_string();
        assert_eq!(shown, wire::Visible(text.as_bytes()).to_string(), "{c:?}");
    }
}
