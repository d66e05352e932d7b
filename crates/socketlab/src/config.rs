//! `socketlab config`: every key, and where its value comes from.

use std::io::Write as _;

use crate::cli::ServeArgs;
use crate::serve::read_settings;

pub(crate) fn run(args: &ServeArgs) -> anyhow::Result<()> {
    let layered = read_settings(args)?;
    let mut text = String::from(
        "# Every setting: its value, what it is for, what is allowed, its default, and where the value comes from.\n\
         # In a file for --config a key stands in its section; in the environment calc.members is SOCKETLAB_CALC_MEMBERS.\n",
    );
    for row in layered.settings.rows() {
        let source = layered.source(&row.key);
        text += &format!(
            "\n# {}; {}; default {}\n{} = {}  # from: {source}\n",
            row.about, row.allowed, row.default, row.key, row.value
        );
    }
    Ok(std::io::stdout().write_all(text.as_bytes())?)
}
