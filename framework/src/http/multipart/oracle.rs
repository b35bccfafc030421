//! The crate `multer`, which others wrote, asked the same as we are.
//!
//! It differs where we think that it is wrong: it finds `filename=` inside a quoted name, compares the names of
//! parameters by case, takes no line of a head that ends in LF alone, and bounds neither heads nor the number of parts. The
//! forms that both are shown have none of that.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use proptest::prelude::*;

use super::Multipart;
use crate::http::{BodyReader, Context as Application, Request};
use crate::proto::multipart::tests::{Field, field, written};

/// The fields of a form as we see them; `None` if we refuse it.
fn by_us(body: &[u8]) -> Option<Vec<Field>> {
    let mut request = Request::new(Arc::new(Application::default()));
    request.headers.append("content-type", "multipart/form-data; boundary=b");
    let reader = BodyReader::in_memory(Bytes::copy_from_slice(body));
    let mut form = Multipart::new(&request, reader).ok()?;
    at_once(async {
        let mut fields = Vec::new();
        while let Some(mut part) = form.next().await.ok()? {
            let (name, filename) = (part.name().to_owned(), part.filename().map(str::to_owned));
            fields.push(Field { name, filename, data: part.read_to_end(usize::MAX).await.ok()? });
        }
        Some(fields)
    })
}

/// The fields of a form as `multer` sees them; `None` if it refuses it.
fn by_multer(body: &[u8]) -> Option<Vec<Field>> {
    struct Once(Option<Vec<u8>>);
    impl futures_core::Stream for Once {
        type Item = Result<Vec<u8>, std::io::Error>;
        fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
            Poll::Ready(self.0.take().map(Ok))
        }
    }
    let mut multipart = multer::Multipart::new(Once(Some(body.to_vec())), "b");
    let work = async {
        let mut fields = Vec::new();
        while let Some(field) = multipart.next_field().await.ok()? {
            let name = field.name().unwrap_or("(no name)").to_owned();
            let filename = field.file_name().map(str::to_owned);
            fields.push(Field { name, filename, data: field.bytes().await.ok()?.to_vec() });
        }
        Some(fields)
    };
    at_once(work)
}

fn at_once<T>(work: impl Future<Output = T>) -> T {
    match Box::pin(work).as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("it waits, and everything is there"),
    }
}

proptest! {
    #[test]
    fn both_see_the_same_form(fields in prop::collection::vec(field(), 0..5)) {
        let body = written(&fields);
        prop_assert_eq!(by_us(&body), Some(fields.clone()));
        prop_assert_eq!(by_multer(&body), Some(fields));
    }
}

#[test]
fn multer_differs_where_it_is_wrong() {
    let field = |name: &str, filename: Option<&str>| {
        let filename = filename.map(str::to_owned);
        Some(vec![Field { name: name.to_owned(), filename, data: b"1".to_vec() }])
    };
    let row = |line: &str| format!("--b\r\n{line}\r\n\r\n1\r\n--b--\r\n");
    let table = [
        // A text field becomes a file by what its name says.
        (
            row(r#"Content-Disposition: form-data; name="a; filename=x""#),
            field("a; filename=x", None),
            field("a; filename=x", Some("x\"")),
        ),
        // Parameters in upper case are not seen.
        (row("Content-Disposition: form-data; NAME=a"), field("a", None), field("(no name)", None)),
        // Heads with bare line feeds are refused.
        ("--b\r\nContent-Disposition: form-data; name=a\n\n1\r\n--b--".to_owned(), field("a", None), None),
    ];
    for (body, ours, theirs) in table {
        assert_eq!((by_us(body.as_bytes()), by_multer(body.as_bytes())), (ours, theirs), "{body}");
    }
}
