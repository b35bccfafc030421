//! What is asked for when somebody wants to know: connections, WebSockets, sessions, rooms.

use std::fmt::{self, Error};
use std::sync::Arc;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

use super::labels::One;
use crate::http::Tally;
use crate::operations::life::Lives;
use crate::session::Sessions;
use crate::websocket::handles::Rooms;

/// See the head of this file.
pub(crate) struct Vitals {
    pub(crate) tally: Arc<Tally>,
    pub(crate) sessions: Option<Arc<Sessions>>,
    /// The servers that serve the application.
    pub(crate) lives: Arc<Lives>,
}

impl Collector for Vitals {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), Error> {
        let (websockets, received, sent) = self.tally.numbers();
        let (rooms, members) = Rooms::totals();
        let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        let mut gauges = vec![
            ("vernal_connections", "Open connections", number(self.lives.connections())),
            ("vernal_websocket_sessions", "Open WebSocket sessions", websockets),
            ("vernal_rooms", "WebSocket rooms of the process", number(rooms)),
            ("vernal_room_members", "Members of all rooms of the process", number(members)),
        ];
        if let Some(count) = self.sessions.as_ref().and_then(|sessions| sessions.store().count()) {
            gauges.push(("vernal_sessions", "Sessions that the store holds", number(count)));
        }
        for (name, help, value) in gauges {
            let gauge = ConstGauge::new(value);
            gauge.encode(encoder.encode_descriptor(name, help, None, gauge.metric_type())?)?;
        }
        let help = "Messages of WebSocket sessions";
        let mut family =
            encoder.encode_descriptor("vernal_websocket_messages", help, None, MetricType::Counter)?;
        for (direction, count) in [("received", received), ("sent", sent)] {
            let labels = One("direction", direction);
            ConstCounter::new(count).encode(family.encode_family(&labels)?)?;
        }
        Ok(())
    }
}

impl fmt::Debug for Vitals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Vitals")
    }
}
