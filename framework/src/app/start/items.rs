//! What the attributes of all linked crates registered for one application. All of it in the order of the source: what is said must
//! not depend on the order of linking.

use crate::base::sorted;
use crate::chain::{DeclaredFilter, ErrorPage};
use crate::components::{Component, LifeFunction};
use crate::registry::{Controller, DefaultBinding, inventory};
use crate::route::Route;
use crate::websocket::styles::WebSocketEvent;

/// See the head of this file.
pub(super) struct Items {
    pub(super) routes: Vec<&'static Route>,
    pub(super) filters: Vec<&'static DeclaredFilter>,
    pub(super) pages: Vec<&'static ErrorPage>,
    pub(super) controllers: Vec<&'static Controller>,
    pub(super) bindings: Vec<&'static DefaultBinding>,
    pub(super) events: Vec<&'static WebSocketEvent>,
    pub(super) components: Vec<&'static Component>,
    pub(super) life: Vec<&'static LifeFunction>,
}

impl Items {
    /// Those that say `app = "name"`, or nothing.
    pub(super) fn of(name: Option<&str>) -> Items {
        let mut items = Items {
            routes: inventory::iter::<Route>.into_iter().filter(|it| it.mapping.app == name).collect(),
            filters: inventory::iter::<DeclaredFilter>
                .into_iter()
                .filter(|it| it.mapping.app == name)
                .collect(),
            pages: inventory::iter::<ErrorPage>.into_iter().filter(|it| it.app == name).collect(),
            controllers: inventory::iter::<Controller>.into_iter().filter(|it| it.app == name).collect(),
            bindings: inventory::iter::<DefaultBinding>.into_iter().filter(|it| it.app == name).collect(),
            events: inventory::iter::<WebSocketEvent>
                .into_iter()
                .filter(|it| it.route.mapping.app == name)
                .collect(),
            components: inventory::iter::<Component>.into_iter().filter(|it| it.app == name).collect(),
            life: inventory::iter::<LifeFunction>.into_iter().filter(|it| it.app == name).collect(),
        };
        sorted::sort_by_key(&mut items.routes, |route| route.at);
        sorted::sort_by_key(&mut items.filters, |filter| filter.function.at);
        sorted::sort_by_key(&mut items.pages, |page| page.at);
        sorted::sort_by_key(&mut items.controllers, |controller| controller.at);
        sorted::sort_by_key(&mut items.bindings, |binding| binding.at);
        sorted::sort_by_key(&mut items.events, |event| event.route.at);
        sorted::sort_by_key(&mut items.components, |component| component.at);
        sorted::sort_by_key(&mut items.life, |function| function.at);
        items
    }
}
