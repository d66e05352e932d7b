//! The encrypted talk: what is said is encrypted to the one who hears it.

use labs::talk::GOOD_BYE;

use super::{Fault, Played, Player, got, quoted};
use crate::crash;
use crate::rule::{SERVER, Said, Talk, Who};
use crate::talker::Talker;

/// Lines of its output among which a crash is looked for.
const LAST_LINES: usize = 100;

impl Player<'_> {
    pub(super) fn talk_step(&mut self, who: Who, step: Talk) -> Played {
        match step {
            Talk::SendKey => self.send_key(who),
            Talk::Keys => self.exchange_keys(who),
            Talk::Say(text) => self.say_encrypted(who, text),
            Talk::SayInHalves(text) => self.say_encrypted_in_halves(who, text),
            Talk::Garbage => self.say_garbage(who),
            Talk::Answer(text) => self.answers(who, text),
            Talk::GoodBye => self.says_good_bye(who),
        }
    }

    fn send_key(&mut self, who: Who) -> Played {
        let talker = Talker::new().map_err(|error| Fault::new("our client makes a key", error.to_string()))?;
        let pem = talker.pem();
        self.talkers.push((who, talker));
        self.settle();
        // A server may have sent its own already.
        self.say_at_once(who, &pem, false)
    }

    /// Both send their public keys, the client first.
    fn exchange_keys(&mut self, who: Who) -> Played {
        self.send_key(who)?;
        self.wait(who, |player| player.has_key_of(who) || player.peer(who).is_none_or(|peer| peer.end.is_some()));
        if self.has_key_of(who) {
            return Ok(());
        }
        let got = self.peer(who).map_or_else(|| "nothing".to_owned(), |peer| got(peer));
        Err(Fault::new(format!("{who} hears the server's public key, in PEM"), got))
    }

    fn has_key_of(&mut self, who: Who) -> bool {
        let heard = self.peer(who).map(|peer| peer.news().to_vec()).unwrap_or_default();
        self.talkers.iter_mut().any(|(name, talker)| *name == who && talker.meet(&heard))
    }

    fn say_encrypted(&mut self, who: Who, text: &str) -> Played {
        self.settle();
        let block = self.encrypt(who, text)?;
        self.tell(format!("{who} → {}, encrypted", quoted(text.as_bytes())));
        self.send(who, &block, true)
    }

    /// One block, of which the second half comes later.
    fn say_encrypted_in_halves(&mut self, who: Who, text: &str) -> Played {
        let block = self.encrypt(who, text)?;
        let (first, second) = block.split_at(block.len() / 2);
        for (half, which) in [(first, "first"), (second, "second")] {
            self.settle();
            self.tell(format!("{who} → the {which} half of {}, encrypted", quoted(text.as_bytes())));
            self.send(who, half, which == "first")?;
        }
        Ok(())
    }

    /// A block that nobody can read.
    fn say_garbage(&mut self, who: Who) -> Played {
        self.settle();
        let size = self.talker(who).map_or(0, Talker::block_bytes);
        let mut block: Vec<u8> = std::iter::repeat_with(|| self.chance.u8(..)).take(size).collect();
        // Smaller than the key's modulus, as every block is.
        block.first_mut().into_iter().for_each(|first| *first = 0);
        self.tell(format!("{who} → a block of {size} bytes that is encrypted to nobody"));
        self.send(who, &block, true)
    }

    fn decrypts(&mut self, who: Who, said: Said) -> Played {
        let mut is_heard = false;
        self.wait(who, |player| {
            is_heard = said.is_in(&player.decrypted(who).unwrap_or_default(), jiff::Timestamp::now());
            is_heard || player.peer(who).is_none_or(|peer| peer.end.is_some())
        });
        if is_heard {
            return Ok(());
        }
        let got = match (self.decrypted(who), self.peer(who)) {
            (None, _) => "something that is not encrypted to its key".to_owned(),
            (Some(text), _) if !text.is_empty() => quoted(&text),
            (Some(_), Some(peer)) => got(peer),
            (Some(_), None) => "nothing".to_owned(),
        };
        Err(Fault::new(format!("{who} hears {said}, encrypted to its key"), got))
    }

    /// The server's turn: whoever sits there types this, unless the program answers by itself.
    fn answers(&mut self, who: Who, text: &'static str) -> Played {
        if self.answers_itself(who) {
            return Ok(());
        }
        if self.stage.server.is_none() {
            return Err(unseen("the server does not answer by itself", "and nobody of us sits at its terminal"));
        }
        self.type_line(SERVER, text)?;
        self.decrypts(who, Said::Text(text))
    }

    /// The server's turn, and its person ends the talk.
    fn says_good_bye(&mut self, who: Who) -> Played {
        if self.answers_itself(who) || self.stage.server.is_none() {
            return Err(unseen(
                "nobody of us says Good Bye there",
                "the server answers by itself, or its terminal is not ours",
            ));
        }
        self.type_line(SERVER, GOOD_BYE)?;
        self.decrypts(who, Said::Text(GOOD_BYE))?;
        self.ended(who)
    }

    /// If the program has ended, then because it wanted to.
    pub(super) fn server_has_not_crashed(&mut self) -> Played {
        self.settle();
        let Some(program) = &mut self.stage.server else { return Ok(()) };
        let Some(how) = program.ended() else { return Ok(()) };
        program.hear_out();
        let printed = program.terminal.last_lines(LAST_LINES).join("\n");
        if !crash::is_end(&how) && !crash::is_printed(&printed) {
            return Ok(());
        }
        Err(Fault::new(
            "the program goes on, or says why it ends",
            format!("it {how}, with what a crash leaves behind"),
        ))
    }

    fn answers_itself(&mut self, who: Who) -> bool {
        self.settle();
        self.decrypted(who).is_some_and(|text| !text.is_empty())
    }

    fn encrypt(&self, who: Who, text: &str) -> Result<Vec<u8>, Fault> {
        let block = self.talker(who).and_then(|talker| talker.encrypt(text.as_bytes()));
        block.ok_or_else(|| {
            Fault::new(format!("{} fits into a block of the server's key", quoted(text.as_bytes())), "it does not")
        })
    }

    /// What this one has heard since it last said something; none if it was not encrypted to its key.
    fn decrypted(&mut self, who: Who) -> Option<Vec<u8>> {
        let heard = self.peer(who)?.news().to_vec();
        self.talker(who)?.decrypt(&heard)
    }

    fn talker(&self, who: Who) -> Option<&Talker> {
        self.talkers.iter().find(|(name, _)| *name == who).map(|(_, talker)| talker)
    }
}

fn unseen(expected: &str, got: &str) -> Fault {
    Fault { is_unseen: true, ..Fault::new(expected, got) }
}
