//! Times as RFC 3339, in UTC.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::model::Timestamp;
use serde::{Serialize, Serializer};

/// 9999-12-31T23:59:59.999Z, the last that RFC 3339 can write.
const LAST: i64 = 253_402_300_799_999;

/// A time that is shown to the second (`2026-08-01T11:12:40Z`), and in JSON to the millisecond
/// (`"2026-08-01T11:12:40.123Z"`).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Time(pub(crate) Timestamp);

/// A time as the schema of the API has it.
#[cfg(feature = "http")]
impl utoipa::PartialSchema for Time {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};
        let format = SchemaFormat::KnownFormat(KnownFormat::DateTime);
        let text = ObjectBuilder::new().schema_type(Type::String);
        text.format(Some(format)).into()
    }
}

#[cfg(feature = "http")]
impl utoipa::ToSchema for Time {}

impl Time {
    fn system_time(self) -> SystemTime {
        UNIX_EPOCH + Duration::from_millis(self.0.0.clamp(0, LAST).unsigned_abs())
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        humantime::format_rfc3339_seconds(self.system_time()).fmt(f)
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&humantime::format_rfc3339_millis(self.system_time()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(at: i64) -> String {
        serde_json::to_string(&Time(Timestamp(at))).unwrap()
    }

    #[test]
    fn any_time_can_be_written() {
        assert_eq!(Time(Timestamp(1_999)).to_string(), "1970-01-01T00:00:01Z");
        assert_eq!(json(1_234), "\"1970-01-01T00:00:01.234Z\"");
        assert_eq!(json(i64::MIN), "\"1970-01-01T00:00:00.000Z\"");
        assert_eq!(json(i64::MAX), "\"9999-12-31T23:59:59.999Z\"");
    }
}
