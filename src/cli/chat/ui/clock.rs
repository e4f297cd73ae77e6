//! When things were said, by the clock on the wall here.

use jiff::tz::TimeZone;
use jiff::{Timestamp, ZonedDateTime};

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
    }
}
