//! The encrypted talk: what is said is encrypted to the one who hears it.

use std::time::{Duration, Instant};

use labs::talk::GOOD_BYE;

use super::terminals::Wanted;
use super::waiting::WAITS_FOR_REST_MAX;
use super::{Fault, Played, Player, got, quoted};
use crate::peer::Framing;
use crate::report::Advice;
use crate::rule::{Cast, SERVER, Said, Talk, Who};
use crate::talker::Talker;

/// A program may reckon so long until it has a key: those of 4096 bits are made of chance.
const KEY_MAX: Duration = Duration::from_secs(30);

impl Player<'_> {
    pub(super) fn talk_step(&mut self, who: Who, step: Talk) -> Played {
        match step {
            Talk::SendKey => self.send_key(who),
            Talk::Keys => self.exchange_keys(who),
            Talk::Begun => self
                .exchange_keys(who)
                .map_err(|_fault| unseen("it is about what follows the keys", "no key came in PEM")),
            Talk::Begins(text) => self.begins_talk(who, text),
            Talk::Say(text) => self.say_encrypted(who, text),
            Talk::SayInHalves(text) => self.say_encrypted_in_halves(who, text),
            Talk::Garbage => self.say_garbage(who),
            Talk::Hears(text) => self.decrypts(who, Said::Text(text)),
            Talk::Answer(text) if self.stage.cast == Cast::Pair => self.answers_at_terminals(who, text),
            Talk::Answer(text) => self.answers(who, text),
            Talk::GoodBye if self.stage.cast == Cast::Pair => self.says_good_bye_at_terminals(who),
            Talk::GoodBye => self.says_good_bye(who),
            Talk::Copes(text) => self.copes(who, text),
            Talk::Secret(text) => self.is_secret(text),
        }
    }

    fn send_key(&mut self, who: Who) -> Played {
        let expected = format!("{} makes a key", self.our_name(who));
        let talker = Talker::new().map_err(|error| Fault::new(expected, error.to_string()))?;
        let pem = talker.pem();
        self.talkers.push((who, talker));
        if self.stage.cast == Cast::Client {
            // The client sends its own first; one that sleeps without having done so waits for ours.
            self.wait_for(KEY_MAX, 2 * WAITS_FOR_REST_MAX, who, |player| player.is_introduced(who));
        } else {
            self.settle();
        }
        let heard = self.peer(who).map(|peer| peer.heard().to_vec()).unwrap_or_default();
        let ending: &[u8] =
            if self.manner.framing == Framing::Lines || Talker::ends_lines(&heard) { b"\n" } else { b"" };
        // A server may have sent its own already.
        self.say_at_once(who, &[&pem, ending].concat(), false)
    }

    /// Both send their public keys, the client first.
    fn exchange_keys(&mut self, who: Who) -> Played {
        if self.stage.cast == Cast::Pair {
            let begun = Instant::now();
            while !self.settle() && begun.elapsed() < KEY_MAX {}
            return self.answer_questions(who);
        }
        self.send_key(who)?;
        self.wait_at_most(KEY_MAX, who, |player| player.is_introduced(who));
        if !self.has_key_of(who) {
            let got = self.peer(who).map_or_else(|| "nothing".to_owned(), |peer| got(peer));
            let whose = if self.stage.cast == Cast::Client { "client" } else { "server" };
            return Err(Fault::new(format!("{} hears the {whose}'s public key, in PEM", self.our_name(who)), got));
        }
        if self.stage.cast == Cast::Client { self.answer_questions(who) } else { Ok(()) }
    }

    /// Whether its key has come, or nothing comes from it any more.
    fn is_introduced(&mut self, who: Who) -> bool {
        self.has_key_of(who) || self.peer(who).is_none_or(|peer| peer.end.is_some())
    }

    fn has_key_of(&mut self, who: Who) -> bool {
        let heard = self.peer(who).map(|peer| peer.heard().to_vec()).unwrap_or_default();
        self.talkers.iter_mut().any(|(name, talker)| *name == who && talker.meet(&heard))
    }

    fn begins_talk(&mut self, who: Who, text: &'static str) -> Played {
        self.send_key(who)?;
        // A private one is one, too: it is wrong, and of this lab.
        if self.hear(who, Said::Text("-----BEGIN ")).is_ok() {
            return Ok(());
        }
        self.type_line(who, text)?;
        self.hear(who, Said::Text(text))
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
        let (mut is_heard, mut read) = (false, None);
        self.wait(who, |player| {
            let come = player.peer(who).map(|peer| peer.news().len());
            // Each look costs a private key's operation a block.
            if read != come {
                read = come;
                is_heard = said.is_in(&player.decrypted(who).unwrap_or_default(), jiff::Timestamp::now());
            }
            is_heard || player.peer(who).is_none_or(|peer| peer.end.is_some())
        });
        if is_heard {
            return self.nothing_else_came(who);
        }
        if let Some(advice) = self.is_said_otherwise(who, said) {
            return Err(Fault { advice: Some(Box::new(advice)), ..Fault::new("", "") });
        }
        let block = self.talker(who).map_or(0, Talker::block_bytes);
        let got = match (self.decrypted(who), self.peer(who)) {
            (None, _) => "something that is not encrypted to its key".to_owned(),
            (Some(text), _) if !text.is_empty() => quoted(&text),
            (Some(_), Some(peer)) if !peer.news().is_empty() => {
                format!("{} bytes, and a block that is encrypted to its key has {block}", peer.news().len())
            }
            (Some(_), Some(peer)) => got(peer),
            (Some(_), None) => "nothing".to_owned(),
        };
        Err(Fault::new(format!("{} hears {said}, encrypted to its key", self.our_name(who)), got))
    }

    /// Beside what is encrypted, nothing was sent that might tell something.
    fn nothing_else_came(&mut self, who: Who) -> Played {
        self.settle();
        let heard = self.peer(who).map(|peer| peer.news().to_vec()).unwrap_or_default();
        let surplus = self.talker(who).map_or(0, |talker| talker.surplus(&heard));
        if surplus == 0 {
            return Ok(());
        }
        let expected = format!("{} hears nothing but what is encrypted to its key", self.our_name(who));
        Err(Fault::new(expected, format!("{surplus} bytes beside it, for everybody to read")))
    }

    /// A text that came in another way than the lab's may be rightly encrypted, and ours cannot answer in that way.
    fn is_said_otherwise(&mut self, who: Who, said: Said) -> Option<Advice> {
        let Said::Text(text) = said else { return None };
        let heard = self.peer(who)?.news().to_vec();
        self.talker(who)?.hears_otherwise(&heard, text.as_bytes()).then(|| Advice {
            why: "what it says is encrypted to our key, but not as the lab's programs have it: with another padding, in Base64, or behind a length"
                .to_owned(),
            mend: "the lab's way is one block of PKCS1_OAEP.new(key).encrypt(text) a message, and nothing around it; another may be right between your \
                   own two programs, and cannot be judged here"
                .to_owned(),
        })
    }

    /// The server's turn: whoever sits there types this, unless the program answers by itself.
    fn answers(&mut self, who: Who, text: &'static str) -> Played {
        if self.is_heard(who) {
            return Ok(());
        }
        if self.stage.server.is_none() {
            return Err(unseen("the server does not answer by itself", "and nobody of us sits at its terminal"));
        }
        self.type_line(SERVER, text)?;
        self.decrypts(who, Said::Text(text))
    }

    /// The same, where the client is the student's, too.
    fn answers_at_terminals(&mut self, who: Who, text: &'static str) -> Played {
        self.type_line(SERVER, text)?;
        let Err(fault) = self.shows(who, Wanted::Said(Said::Text(text))) else { return Ok(()) };
        Err(self.unless_it_answers_itself(who, fault))
    }

    /// The server's turn, and its person ends the talk.
    fn says_good_bye(&mut self, who: Who) -> Played {
        if self.is_heard(who) || self.stage.server.is_none() {
            return Err(unseen(
                "nobody of us says Good Bye there",
                "the server answers by itself, or its terminal is not ours",
            ));
        }
        self.type_line(SERVER, GOOD_BYE)?;
        self.decrypts(who, Said::Text(GOOD_BYE))?;
        self.ended(who)
    }

    fn says_good_bye_at_terminals(&mut self, who: Who) -> Played {
        self.type_line(SERVER, GOOD_BYE)?;
        let Err(fault) = self.exits(who) else { return Ok(()) };
        let fault = Fault { got: format!("{}, and shows {}", fault.got, self.what_is_shown(who)), ..fault };
        let is_heard = Wanted::Said(Said::Text(GOOD_BYE));
        Err(if self.is_shown(who, &is_heard) { fault } else { self.unless_it_answers_itself(who, fault) })
    }

    /// What is shown instead of what the server's person typed may be the answer of a server that asks nobody.
    fn unless_it_answers_itself(&mut self, who: Who, fault: Fault) -> Fault {
        if self.has_ended(SERVER) || self.has_ended(who) || !self.is_shown(who, &Wanted::Said(Said::Anything)) {
            return fault;
        }
        Fault {
            got: format!("{}: perhaps the server asks nobody for its answers", fault.got),
            is_unseen: true,
            ..fault
        }
    }

    /// It takes another text in place of one that it did not, unless it has said why it ends.
    fn copes(&mut self, who: Who, text: &'static str) -> Played {
        self.nobody_has_crashed()?;
        if self.has_ended(who) || self.is_heard(who) {
            return Ok(());
        }
        self.type_line(who, text)?;
        self.decrypts(who, Said::Text(text))
    }

    /// What crossed the network is for nobody else to read.
    fn is_secret(&mut self, text: &'static str) -> Played {
        self.settle();
        let expected = format!("who listens on the way cannot read {}", quoted(text.as_bytes()));
        match &self.stage.recorder {
            None => Err(unseen(&expected, "nothing was recorded")),
            Some(recorder) if recorder.has_seen(text) => {
                Err(Fault::new(expected, "it crosses the network as it was typed"))
            }
            Some(_) => Ok(()),
        }
    }

    /// Whether it has said something since.
    fn is_heard(&mut self, who: Who) -> bool {
        self.settle();
        self.decrypted(who).is_some_and(|text| !text.is_empty())
    }

    fn encrypt(&self, who: Who, text: &str) -> Result<Vec<u8>, Fault> {
        let block = self.talker(who).and_then(|talker| talker.encrypt(text.as_bytes()));
        block.ok_or_else(|| {
            Fault::new(format!("{} fits into a block of its key", quoted(text.as_bytes())), "it does not")
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
