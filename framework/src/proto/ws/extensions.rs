//! The extensions of one session, and the ledger of the bits they claim.
//!
//! Outgoing frames pass them in the order of installation, incoming ones in the reverse order. Only data frames do; control frames
//! that come are shown to them.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::close::{CloseCode, CloseReason};
use super::deflate::PerMessageDeflate;
use super::extension::{Extension, ExtensionOffer};
use super::frame::{Frame, OpCode, Rsv};

/// Those that take part, in the order of installation.
#[derive(Default)]
pub(crate) struct Extensions {
    list: Vec<Box<dyn Extension>>,
    claimed: Rsv,
    /// Whether there is nothing but permessage-deflate, which leaves messages without RSV1 alone.
    is_deflate_alone: bool,
}

impl Extensions {
    pub(crate) fn new(list: Vec<Box<dyn Extension>>) -> Extensions {
        let claimed = list.iter().fold(Rsv::NONE, |claimed, extension| claimed | extension.rsv());
        let is_deflate_alone = matches!(&list[..], [only] if (&**only as &dyn Any).is::<PerMessageDeflate>());
        Extensions { list, claimed, is_deflate_alone }
    }

    /// What two extensions claim both, if there are such.
    pub(crate) fn conflict(list: &[Box<dyn Extension>]) -> Option<(&str, &str)> {
        list.iter().enumerate().find_map(|(index, extension)| {
            let other = list[..index].iter().find(|other| other.rsv().intersects(extension.rsv()))?;
            Some((other.name(), extension.name()))
        })
    }

    /// The server's choice among what a client offers: those that take part, and the value of the answer's field.
    pub(crate) fn negotiate(
        installed: Vec<Box<dyn Extension>>,
        offers: &[ExtensionOffer<'_>],
    ) -> (Extensions, String) {
        let mut answer = String::new();
        let mut taking_part = Vec::new();
        for mut extension in installed {
            let Some(response) = extension.negotiate(offers) else { continue };
            if let Some(text) = response.text() {
                if !answer.is_empty() {
                    answer.push_str(", ");
                }
                answer.push_str(text);
            }
            taking_part.push(extension);
        }
        (Extensions::new(taking_part), answer)
    }

    /// What a client's extensions become by the server's answer.
    ///
    /// # Errors
    /// The answer names what was not offered, or in a way that an extension does not agree with.
    pub(crate) fn agree(
        offered: Vec<Box<dyn Extension>>,
        answers: &[ExtensionOffer<'_>],
    ) -> Result<Extensions, String> {
        let mut taking_part = Vec::new();
        let mut taken = vec![false; answers.len()];
        for mut extension in offered {
            let answer = answers.iter().position(|answer| answer.name == extension.name());
            match answer {
                None if extension.offer().text().is_none() => taking_part.push(extension),
                None => {}
                Some(index) if taken[index] || !extension.agree(&answers[index]) => {
                    return Err(format!("the server's answer `{}` is not what was offered", answers[index]));
                }
                Some(index) => {
                    taken[index] = true;
                    taking_part.push(extension);
                }
            }
        }
        match taken.iter().position(|taken| !taken) {
            Some(index) => Err(format!("the server answers `{}`, which was not offered", answers[index])),
            None => Ok(Extensions::new(taking_part)),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    pub(crate) fn claimed(&self) -> Rsv {
        self.claimed
    }

    /// Whether the frames of a message that begins with these bits pass through unchanged.
    #[inline]
    pub(crate) fn leave_alone(&self, rsv: Rsv) -> bool {
        self.is_deflate_alone && rsv.is_empty()
    }

    /// The permessage-deflate of this session, if it is the only extension: broadcasts may share compressed frames then.
    pub(crate) fn deflate_alone(&mut self) -> Option<&mut PerMessageDeflate> {
        match &mut self.list[..] {
            [only] => (&mut **only as &mut dyn Any).downcast_mut(),
            _ => None,
        }
    }

    /// The permessage-deflate of this session.
    pub(crate) fn deflate(&mut self) -> Option<&mut PerMessageDeflate> {
        self.position::<PerMessageDeflate>().map(|index| self.at_mut(index))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &dyn Extension> {
        self.list.iter().map(|extension| &**extension)
    }

    /// The place of the extension of a type.
    pub(crate) fn position<X: Extension>(&self) -> Option<usize> {
        self.list.iter().position(|extension| (&**extension as &dyn Any).is::<X>())
    }

    /// The same to change.
    pub(crate) fn at_mut<X: Extension>(&mut self, index: usize) -> &mut X {
        (&mut *self.list[index] as &mut dyn Any).downcast_mut().expect("the position of this type")
    }

    /// Undoes what the peer's extensions did to a data frame.
    pub(crate) fn decode(&mut self, frame: &mut Frame) -> Result<(), CloseReason> {
        for extension in self.list.iter_mut().rev() {
            guarded(|| extension.decode(frame))?;
        }
        if frame.payload.len() > frame.room {
            return Err(CloseReason::too_big(frame.room));
        }
        Ok(())
    }

    /// Shows the extensions a control frame that came.
    pub(crate) fn control(&mut self, frame: &Frame) -> Result<(), CloseReason> {
        self.list.iter_mut().rev().try_for_each(|extension| {
            guarded(|| {
                extension.control(frame);
                Ok(())
            })
        })
    }

    /// Lets the extensions have an outgoing data frame.
    pub(crate) fn encode(&mut self, frame: &mut Frame) -> Result<(), CloseReason> {
        debug_assert!(!matches!(frame.opcode, OpCode::Close | OpCode::Ping | OpCode::Pong));
        self.list.iter_mut().try_for_each(|extension| guarded(|| extension.encode(frame)))
    }
}

/// An extension that panics fails its session, not the task that drives the connection.
fn guarded(call: impl FnOnce() -> Result<(), CloseReason>) -> Result<(), CloseReason> {
    catch_unwind(AssertUnwindSafe(call))
        .unwrap_or_else(|_| Err(CloseReason::shortened(CloseCode::INTERNAL_ERROR, "An extension failed")))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Puts its letter behind the payload, and takes it off again.
    struct Tag(&'static str, Rsv);

    impl Extension for Tag {
        fn name(&self) -> &str {
            self.0
        }

        fn rsv(&self) -> Rsv {
            self.1
        }

        fn decode(&mut self, frame: &mut Frame) -> Result<(), CloseReason> {
            let Some(rest) = frame.payload.strip_suffix(self.0.as_bytes()) else {
                return Err(CloseReason::corrupt("no tag"));
            };
            frame.payload = frame.payload.slice(..rest.len());
            Ok(())
        }

        fn encode(&mut self, frame: &mut Frame) -> Result<(), CloseReason> {
            frame.payload = [&frame.payload[..], self.0.as_bytes()].concat().into();
            Ok(())
        }
    }

    fn tags() -> Vec<Box<dyn Extension>> {
        vec![Box::new(Tag("a", Rsv::RSV2)), Box::new(Tag("b", Rsv::RSV3))]
    }

    #[test]
    fn frames_pass_in_order_and_back() {
        let mut extensions = Extensions::new(tags());
        let mut frame = Frame::new(OpCode::Text, "x");
        extensions.encode(&mut frame).expect("encoded");
        assert_eq!(frame.payload, "xab");
        extensions.decode(&mut frame).expect("decoded");
        assert_eq!(frame.payload, "x");
        assert!(
            extensions.claimed().contains(Rsv::RSV2 | Rsv::RSV3) && !extensions.claimed().contains(Rsv::RSV1)
        );
        assert!(extensions.decode(&mut frame).is_err());
    }

    #[test]
    fn conflicts_are_found() {
        let mut list = tags();
        assert_eq!(Extensions::conflict(&list), None);
        list.push(Box::new(Tag("c", Rsv::RSV1 | Rsv::RSV2)));
        assert_eq!(Extensions::conflict(&list), Some(("a", "c")));
    }

    #[test]
    fn both_sides_agree_on_what_was_offered() {
        let offer = |name| ExtensionOffer { name, parameters: vec![] };
        let (taking_part, answer) = Extensions::negotiate(tags(), &[offer("b"), offer("z")]);
        assert_eq!((taking_part.iter().count(), answer.as_str()), (1, "b"));
        assert_eq!(Extensions::agree(tags(), &[offer("b")]).map(|it| it.list.len()), Ok(1));
        assert!(Extensions::agree(tags(), &[offer("z")]).is_err());
        assert!(Extensions::agree(tags(), &[offer("b"), offer("b")]).is_err());
    }
}
