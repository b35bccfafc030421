use std::sync::Arc;

use vernal::security::Identity;
use vernal::websocket::{WebSocket, WebSocketSession};
use vernal::{
    Error, FilterContext, Next, Params, PathValue, Request, Response, Session, State, controller, error_message,
    model_binding, request_filter, request_map,
};

struct User;

trait Repo: Send + Sync {}

#[request_map("/request")]
fn request(_req: Request) {}

#[request_map("/response")]
fn response(_res: Response) {}

#[request_map("/response_lent")]
fn response_lent(_res: &Response) {}

#[request_map("/request_changed")]
fn request_changed(_req: &mut Request) {}

#[request_map("/state")]
fn state(_user: State<User>) {}

#[request_map("/state/arc")]
async fn state_in_arc(State(_user): State<Arc<User>>) {}

#[request_map("/state/outside")]
fn state_lent_outside(_user: &State<User>) {}

#[request_map("/state/dyn")]
fn state_of_a_trait(_repo: State<&dyn Repo>) {}

#[request_map("/state/not_sync")]
fn state_not_sync(_cell: State<&std::cell::Cell<u8>>) {}

#[request_map("/identity")]
fn identity(_user: Identity<User>) {}

#[request_map("/params")]
fn params(_params: &Params) {}

#[request_map("/session", blocking)]
fn session(_session: Session) {}

#[request_map("/session/lent")]
async fn session_lent(_session: &Session) {}

#[request_map("/time")]
fn time(_at: std::time::SystemTime, _since: Option<std::time::SystemTime>) {}

#[request_map("/os")]
fn os_text(_name: std::ffi::OsString) {}

#[request_map("/text/{name}")]
fn text(name: &String) -> &str {
    name
}

#[request_map("/wrapped/{name}")]
fn wrapped(_name: &PathValue<String>) {}

#[request_map("/socket")]
async fn socket(_ws: WebSocket) {}

#[request_map("/socket/session")]
async fn socket_session(_session: &WebSocketSession) {}

#[request_map("/chain")]
async fn chain(_req: &Request, _next: Next<'_>) {}

#[request_map("/context")]
fn context(_cx: FilterContext<'_>) {}

#[request_map("/error")]
fn error(_error: Error) {}

#[request_filter("/filter/state")]
fn state_of_a_filter(_user: State<User>, _repo: State<&dyn Repo>) {}

#[error_message("404")]
fn state_of_a_page(_user: State<User>, _repo: State<&dyn Repo>) {}

#[model_binding]
fn state_of_a_binding(_user: State<User>, _repo: State<&dyn Repo>) -> vernal::Result<User> {
    Ok(User)
}

struct Shop;

impl Shop {
    fn new(_user: State<User>, _repo: State<&dyn Repo>) -> Shop {
        Shop
    }
}

#[controller(new = Shop::new)]
impl Shop {
    #[request_map("/shop")]
    fn shop(&self) {}
}

fn main() {}
