use super::*;

/// Types `text`, in which `<` moves left, `>` right, `#` deletes backwards and `^x` is Ctrl-x.
fn press(input: &mut Input, text: &str) {
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        let key = match letter {
            '<' => KeyEvent::from(KeyCode::Left),
            '>' => KeyEvent::from(KeyCode::Right),
            '#' => KeyEvent::from(KeyCode::Backspace),
            '^' => KeyEvent::new(KeyCode::Char(letters.next().unwrap()), KeyModifiers::CONTROL),
            letter => KeyEvent::from(KeyCode::Char(letter)),
        };
        input.press(key);
    }
}

#[track_caller]
fn check(typed: &str, wanted: (&str, &str)) {
    let mut input = Input::default();
    press(&mut input, typed);
    assert_eq!(input.halves(), wanted);
}

#[test]
fn a_line_is_edited_as_in_any_editor() {
    check("helo<l", ("hell", "o"));
    check("one two three^w", ("one two ", ""));
    check("one two^u", ("", ""));
    check("one two^a^k^y^y", ("one twoone two", ""));
    check("one^ax^ey", ("xoney", ""));
    check("abc<<#^d", ("", "c"));
    check("#<>^d", ("", ""));
}

#[test]
fn words_are_walked_over() {
    let mut input = Input::default();
    press(&mut input, "one two  three");
    for (code, wanted) in [(KeyCode::Left, "one two  "), (KeyCode::Left, "one "), (KeyCode::Right, "one two")] {
        input.press(KeyEvent::new(code, KeyModifiers::CONTROL));
        assert_eq!(input.halves().0, wanted);
    }
}

#[test]
fn what_is_seen_as_one_character_is_one() {
    check("a👩‍🚀b<#", ("a", "b"));
    check("e\u{301}<", ("", "e\u{301}"));
    check("世界<", ("世", "界"));
    // A mark that joins what stands before it.
    check("ab<\u{301}", ("a\u{301}", "b"));
}

#[test]
fn older_lines_are_called_back_and_the_draft_is_kept() {
    let mut input = Input::default();
    for line in ["one", "two", "two"] {
        input.insert(line);
        assert_eq!(input.take(), [line]);
    }
    input.insert("draft");
    for (key, wanted) in
        [('p', "two"), ('p', "one"), ('p', "one"), ('n', "two"), ('n', "draft"), ('n', "draft"), ('p', "two")]
    {
        press(&mut input, &format!("^{key}"));
        assert_eq!(input.text, wanted);
    }
}

#[test]
fn a_paste_of_several_lines_is_several_messages() {
    let mut input = Input::default();
    input.insert("one\r\ntwo\rthree\n\n");
    assert_eq!(input.text, "one\ntwo\nthree\n\n");
    assert_eq!(input.take(), ["one", "two", "three"]);
    assert!(input.take().is_empty() && input.is_empty());
    input.insert(&"世".repeat(BYTES_MAX));
    assert_eq!(input.text.len(), BYTES_MAX / 3 * 3);
}
