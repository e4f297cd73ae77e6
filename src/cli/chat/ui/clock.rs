//! When things were said, by the clock on the wall here.

use std::borrow::Cow;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ZonedDateTime};

/// How the gateway's own user tells when something was said, in UTC; so long is it.
const TOLD: &str = "%Y-%m-%d %H:%M:%S";
const TOLD_LENGTH: usize = 19;

/// The time zone here (`TZ`, else the system's), and how exact times are.
pub(super) struct Clock {
    zone: TimeZone,
    seconds: bool,
}

impl Clock {
    /// The clock of this place; times with seconds or without.
    pub(super) fn here(seconds: bool) -> Self {
        let zone = TimeZone::system();
        Self { zone, seconds }
    }

    /// The time, with its day where that is not `now`'s; both in seconds since 1970, UTC. Nothing for 0, a time that was
    /// not told.
    pub(super) fn show(&self, time: i64, now: i64) -> String {
        let zoned = |seconds| {
            let at = Timestamp::from_second(seconds).ok()?;
            Some(at.to_zoned_datetime(self.zone.clone()))
        };
        let time = (time != 0).then(|| zoned(time)).flatten();
        let Some(time) = time else {
            return String::new();
        };
        let is_today = zoned(now).is_some_and(|now: ZonedDateTime| now.date() == time.date());
        let date = if is_today { "" } else { "%Y-%m-%d " };
        let clock = if self.seconds { "%H:%M:%S" } else { "%H:%M" };
        time.strftime(&format!("{date}{clock}")).to_string()
    }

    /// A line of an answer of the gateway's own user, with the time that is in front of what somebody said as it is here.
    pub(super) fn here_told<'a>(&self, line: &'a str, now: i64) -> Cow<'a, str> {
        let told = line.split_at_checked(TOLD_LENGTH);
        let Some((told, said)) = told.filter(|(_, said)| said.starts_with(' ')) else {
            return Cow::Borrowed(line);
        };
        let at = DateTime::strptime(TOLD, told).and_then(|told| TimeZone::UTC.to_timestamp(told));
        match at {
            Ok(at) => Cow::Owned(self.show(at.as_second(), now) + said),
            Err(_) => Cow::Borrowed(line),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Clock, TimeZone};

    #[test]
    fn times_are_local_and_have_their_day_where_it_is_another() {
        let zone = TimeZone::posix("EST5EDT,M3.2.0,M11.1.0").unwrap();
        let mut clock = Clock {
            zone,
            seconds: true,
        };
        // 2026-07-01T02:00:01Z
        let summer = 1_782_871_201;
        assert_eq!(clock.show(summer, summer + 60), "22:00:01");
        assert_eq!(clock.show(summer, summer + 86_400), "2026-06-30 22:00:01");
        clock.seconds = false;
        assert_eq!(clock.show(summer, summer), "22:00");
        assert_eq!(clock.show(0, summer), "");
        assert_eq!(clock.show(i64::MAX, summer), "");
        for (line, shown) in [
            (
                "2026-07-01 02:00:01 <bob> 2026-07-01 02:00:01",
                "22:00 <bob> 2026-07-01 02:00:01",
            ),
            ("2026-07-01 02:00:01", "2026-07-01 02:00:01"),
            (
                "2026-07-01 32:00:01 <bob> hi",
                "2026-07-01 32:00:01 <bob> hi",
            ),
            ("чай чай чай чай чай чай", "чай чай чай чай чай чай"),
        ] {
            assert_eq!(clock.here_told(line, summer), shown);
        }
    }
}
