//! The page of the chat lessons, as somebody uses it in a window.

use crate::webdriver::Window;

/// Enters a room from the page that is open.
pub fn enter(window: &Window<'_>, name: &str, room: &str) {
    window.fill("//*[@id='name']", name);
    window.fill("//*[@id='room']", room);
    window.click("//form[@id='enter']/button");
    window.expect(&format!("//li[.='{name} joined']"));
}

pub fn say(window: &Window<'_>, text: &str) {
    window.fill("//form[@id='say' and not(@hidden)]/input", text);
    window.click("//form[@id='say']/button");
}
