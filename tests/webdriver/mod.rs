//! A browser to test pages in: headless Chromium, asked through chromedriver (W3C WebDriver, JSON over HTTP).
//!
//! Nothing here waits by itself: the driver looks for an element until it is there, for as long as `PATIENCE` says.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use std::{env, fs, process};

use serde_json::{Value, json};

/// Long enough for a busy machine; nothing waits for it to pass.
const PATIENCE: Duration = Duration::from_secs(30);

/// A browser with one window, ended when dropped.
pub struct Browser {
    driver: Child,
    port: u16,
    session: String,
    /// Where the browser keeps what it keeps.
    profile: PathBuf,
}

impl Browser {
    pub fn start() -> Browser {
        Browser::with(&[])
    }

    /// One with more arguments.
    pub fn with(more: &[&str]) -> Browser {
        let driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("chromedriver does not start: {error}\n{INSTALL}"));
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let profile = env::temp_dir().join(format!("vernal-browser-{}-{count}", process::id()));
        let mut browser = Browser { driver, port: 0, session: String::new(), profile };
        browser.port = browser.port_of_driver();
        let mut arguments = vec![
            "--headless",
            // Root has no sandbox, and only our own page is opened.
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-dev-shm-usage",
        ];
        let profile = format!("--user-data-dir={}", browser.profile.display());
        arguments.push(&profile);
        arguments.extend(more);
        let capabilities = json!({
            "browserName": "chrome",
            "goog:chromeOptions": { "args": arguments },
            "timeouts": { "implicit": PATIENCE.as_millis() as u64 },
        });
        let session = json!({ "capabilities": { "alwaysMatch": capabilities } });
        let answer = browser
            .call("POST", "/session", &session)
            .unwrap_or_else(|error| panic!("no browser starts: {error}\n{INSTALL}"));
        browser.session = text(&answer["sessionId"]);
        browser
    }

    /// The window that is there from the beginning.
    pub fn window(&self) -> Window<'_> {
        Window { browser: self, handle: text(&self.ask("GET", "/window", &json!({}))) }
    }

    /// One more.
    pub fn new_window(&self) -> Window<'_> {
        let answer = self.ask("POST", "/window/new", &json!({ "type": "window" }));
        Window { browser: self, handle: text(&answer["handle"]) }
    }

    /// The driver takes a free port and tells which.
    fn port_of_driver(&mut self) -> u16 {
        let output = self.driver.stdout.take().expect("it is piped");
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            if let Some((_, port)) = line.split_once("started successfully on port ") {
                return port.trim_end_matches('.').parse().expect("a port is a number");
            }
        }
        panic!("chromedriver ended before it listened\n{INSTALL}");
    }

    fn ask(&self, method: &str, path: &str, body: &Value) -> Value {
        let path = format!("/session/{}{path}", self.session);
        self.call(method, &path, body).unwrap_or_else(|error| panic!("{method} {path} {body}: {error}"))
    }

    /// One command; what goes wrong there is text.
    fn call(&self, method: &str, path: &str, body: &Value) -> Result<Value, String> {
        let body = if method == "POST" { body.to_string() } else { String::new() };
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).map_err(|e| e.to_string())?;
        stream.set_read_timeout(Some(2 * PATIENCE)).map_err(|e| e.to_string())?;
        let head =
            format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\ncontent-length: {}\r\n", body.len());
        stream.write_all(format!("{head}\r\n{body}").as_bytes()).map_err(|e| e.to_string())?;
        let mut answer = BufReader::new(stream);
        let mut length = 0;
        let mut line = String::new();
        while answer.read_line(&mut line).map_err(|e| e.to_string())? > 2 {
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().expect("a length is a number");
            }
            line.clear();
        }
        let mut body = vec![0; length];
        answer.read_exact(&mut body).map_err(|e| e.to_string())?;
        let mut answer: Value = serde_json::from_slice(&body).map_err(|e| e.to_string())?;
        match &answer["value"]["error"] {
            Value::String(error) => Err(format!("{error}: {}", answer["value"]["message"])),
            _ => Ok(answer["value"].take()),
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The driver ends its browser with the session.
        if !self.session.is_empty() {
            let _ = self.call("DELETE", &format!("/session/{}", self.session), &Value::Null);
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
        let _ = fs::remove_dir_all(&self.profile);
    }
}

/// A window of a browser. Elements are named by XPath.
pub struct Window<'b> {
    browser: &'b Browser,
    handle: String,
}

impl Window<'_> {
    pub fn open(&self, url: &str) {
        self.ask("/url", &json!({ "url": url }));
    }

    /// Waits until there is such an element.
    #[track_caller]
    pub fn expect(&self, xpath: &str) {
        self.find(xpath);
    }

    /// How many such elements there are now. Ask for what must be there first: for none, this waits.
    pub fn count(&self, xpath: &str) -> u64 {
        let script = json!({
            "script": "return document.evaluate(`count(${arguments[0]})`, document).numberValue",
            "args": [xpath],
        });
        self.ask("/execute/sync", &script).as_u64().expect("a count is a number")
    }

    /// Empties a field, and types into it.
    #[track_caller]
    pub fn fill(&self, xpath: &str, text: &str) {
        let element = self.find(xpath);
        self.ask(&format!("/element/{element}/clear"), &json!({}));
        self.ask(&format!("/element/{element}/value"), &json!({ "text": text }));
    }

    /// Chooses files, by their paths.
    #[track_caller]
    pub fn choose(&self, xpath: &str, paths: &[String]) {
        let element = self.find(xpath);
        self.ask(&format!("/element/{element}/value"), &json!({ "text": paths.join("\n") }));
    }

    #[track_caller]
    pub fn click(&self, xpath: &str) {
        let element = self.find(xpath);
        self.ask(&format!("/element/{element}/click"), &json!({}));
    }

    pub fn close(self) {
        self.to_front();
        self.browser.ask("DELETE", "/window", &json!({}));
    }

    #[track_caller]
    fn find(&self, xpath: &str) -> String {
        self.to_front();
        let path = format!("/session/{}/element", self.browser.session);
        match self.browser.call("POST", &path, &json!({ "using": "xpath", "value": xpath })) {
            Ok(element) => text(&element[ELEMENT]),
            Err(error) => {
                let page = json!({ "script": "return document.body.innerText", "args": [] });
                panic!("{xpath}: {error}\n--- the page\n{}", text(&self.ask("/execute/sync", &page)))
            }
        }
    }

    fn ask(&self, path: &str, body: &Value) -> Value {
        self.to_front();
        self.browser.ask("POST", path, body)
    }

    /// Commands are for the window that was chosen last.
    fn to_front(&self) {
        self.browser.ask("POST", "/window", &json!({ "handle": self.handle }));
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("a text was expected, not {value}")).to_owned()
}

/// What the protocol calls a reference to an element.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

const INSTALL: &str =
    "This test drives Chromium: apt-get update && apt-get install -y chromium chromium-driver";
