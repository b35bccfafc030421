//! Access lines on their way to where they are written.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use super::answered::Answered;
use super::form::Form;
use super::to::{Lines, Opened, To};
use crate::base::say;
use crate::io::is_named_pipe;
use crate::io::queue::{PATIENCE, Queue};

/// How long a line waits for others. Each time that the thread which writes them is woken costs as much as a request.
const GATHERS: Duration = Duration::from_millis(10);

/// An [`AccessLog`](super::AccessLog) that is open.
struct AccessLines {
    form: Form,
    queue: Arc<Queue>,
}

/// Opens one.
///
/// # Errors
/// The file cannot be opened, or there can be no thread; the text says which.
pub(super) fn open(form: Form, to: &To) -> Opened {
    let start = |to| Queue::start("vernal-access", to, form.missing(), GATHERS);
    let started = match to {
        To::StandardError => start(Box::new(io::stderr()) as Box<dyn Write + Send>),
        To::StandardOutput => start(Box::new(io::stdout())),
        To::File(path) if is_named_pipe(path) => {
            say!(info, "{} is a pipe: somebody is waited for who reads the access log", path.display());
            Rotated::open(path.clone()).and_then(|file| start(Box::new(file)))
        }
        To::File(path) => Rotated::open(path.clone()).and_then(|file| start(Box::new(file))),
    };
    match started {
        Ok(queue) => Ok(Box::new(AccessLines { form, queue })),
        Err(error) => {
            let place = match to {
                To::File(path) => path.display().to_string(),
                To::StandardError | To::StandardOutput => "the console".to_owned(),
            };
            Err(format!(
                "the access log {place} cannot be written: {error}: name a file that this process may write"
            ))
        }
    }
}

impl Lines for AccessLines {
    fn add(&self, answered: &Answered<'_>) {
        let mut line = String::with_capacity(256);
        self.form.write(answered, SystemTime::now(), &mut line);
        self.queue.add(line.as_bytes());
    }

    fn flush(&self) {
        self.queue.flush(PATIENCE, true);
    }
}

/// What was added is written, unless nobody takes it.
impl Drop for AccessLines {
    fn drop(&mut self) {
        self.queue.close();
        self.flush();
    }
}

/// A file that is opened anew when another one, or none, has its name.
struct Rotated {
    path: PathBuf,
    file: File,
    looked: Instant,
    /// It does not take what is written, which has been told.
    is_failing: bool,
    /// What is written may be a piece that ends within a line, whose rest belongs to the same file.
    is_within_line: bool,
}

impl Rotated {
    fn open(path: PathBuf) -> io::Result<Rotated> {
        let file = OpenOptions::new().create(true).append(true).open(&path)?;
        Ok(Rotated { path, file, looked: Instant::now(), is_failing: false, is_within_line: false })
    }

    /// Whether the file is still the one that has the name.
    #[cfg(unix)]
    fn is_there(&self) -> bool {
        use std::os::unix::fs::MetadataExt;
        let place = |found: std::fs::Metadata| (found.dev(), found.ino());
        let named = std::fs::metadata(&self.path).map(place);
        matches!((named, self.file.metadata().map(place)), (Ok(named), Ok(own)) if named == own)
    }

    #[cfg(not(unix))]
    fn is_there(&self) -> bool {
        true
    }
}

impl Write for Rotated {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !self.is_within_line && self.looked.elapsed() >= LOOKS {
            self.looked = Instant::now();
            // A new file that cannot be made is no reason to lose lines that the old one takes.
            if !self.is_there()
                && let Ok(fresh) = Rotated::open(self.path.clone())
            {
                *self = fresh;
            }
        }
        let written = self.file.write(bytes);
        match &written {
            Ok(count) => {
                self.is_failing = false;
                if let Some(last) = bytes.get(..*count).and_then(<[u8]>::last) {
                    self.is_within_line = *last != b'\n';
                }
            }
            Err(error) if is_passing(error) => {}
            Err(error) => {
                // The rest of the line is lost as well.
                self.is_within_line = false;
                let path = self.path.display();
                if !std::mem::replace(&mut self.is_failing, true) {
                    say!(error, "the access log {path} takes no lines: {error}. They are lost until it does");
                }
            }
        }
        written
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Whether the same write may go well at once.
fn is_passing(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::Interrupted | io::ErrorKind::WouldBlock)
}

/// How long a file that is moved away is written on at most.
const LOOKS: Duration = Duration::from_secs(1);

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_is_written_in_pieces_stays_in_one_file() {
        let path = std::env::temp_dir().join(format!("vernal-rotated-{}.log", std::process::id()));
        let moved = path.with_extension("1");
        let mut log = Rotated::open(path.clone()).expect("a file");
        let mut write = |text: &str| {
            log.looked = Instant::now().checked_sub(LOOKS).expect("the machine runs for a while");
            log.write_all(text.as_bytes()).expect("it takes it");
        };
        write("one\ntwo, whose rest ");
        std::fs::rename(&path, &moved).expect("it is there");
        write("comes later\n");
        write("three\n");
        let texts = [&moved, &path].map(|path| std::fs::read_to_string(path).expect("a file"));
        assert_eq!(texts, ["one\ntwo, whose rest comes later\n", "three\n"]);
        for path in [moved, path] {
            std::fs::remove_file(path).expect("it is there");
        }
    }
}
