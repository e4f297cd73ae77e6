//! What the system says of the process: the metrics that every program has, by their usual names.

use std::fmt;
use std::fs;

use nix::sys::resource::{Resource, getrlimit};
use nix::unistd::{SysconfVar, sysconf};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;
use prometheus_client::metrics::MetricType;

use super::family::Families;

/// At one moment; what the system does not say is left out.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Process {
    cpu_seconds: Option<f64>,
    start_seconds: Option<f64>,
    threads: Option<u64>,
    virtual_bytes: Option<u64>,
    resident_bytes: Option<u64>,
    open_fds: Option<u64>,
    max_fds: Option<u64>,
}

impl Process {
    /// Of this process, from `/proc`.
    pub(super) fn read() -> Self {
        let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
        let system = fs::read_to_string("/proc/stat").unwrap_or_default();
        let configured = |name| sysconf(name).ok().flatten();
        let ticks = configured(SysconfVar::CLK_TCK).unwrap_or(100) as f64;
        let page = configured(SysconfVar::PAGE_SIZE).and_then(|bytes| u64::try_from(bytes).ok());
        let mut process = Self::parse(&stat, &system, ticks, page.unwrap_or(4096));
        process.open_fds = fs::read_dir("/proc/self/fd")
            .ok()
            // The directory's own is open only for this.
            .map(|open| (open.count() as u64).saturating_sub(1));
        let limit = getrlimit(Resource::RLIMIT_NOFILE).ok();
        process.max_fds = limit.map(|(soft, _)| soft);
        process
    }

    /// The fields of proc(5) behind the command's name, which may hold anything.
    fn parse(stat: &str, system: &str, ticks: f64, page: u64) -> Self {
        let fields = stat.rsplit_once(") ").map_or("", |(_, fields)| fields);
        let fields: Vec<u64> = fields
            .split_ascii_whitespace()
            .map(|field| field.parse().unwrap_or(0))
            .collect();
        // Their numbers there begin with 3, the state.
        let field = |number: usize| fields.get(number - 3).copied();
        let seconds = |number| field(number).map(|time| time as f64 / ticks);
        let mut lines = system.lines();
        let booted = lines.find_map(|line| line.strip_prefix("btime ")?.parse::<f64>().ok());
        Self {
            cpu_seconds: seconds(14)
                .zip(seconds(15))
                .map(|(user, system)| user + system),
            threads: field(20),
            start_seconds: seconds(22)
                .zip(booted)
                .map(|(after, booted)| booted + after),
            virtual_bytes: field(23),
            resident_bytes: field(24).map(|pages| pages * page),
            open_fds: None,
            max_fds: None,
        }
    }
}

impl Collector for Process {
    fn encode(&self, encoder: DescriptorEncoder) -> fmt::Result {
        let mut families = Families::new(encoder);
        let alone = |value: Option<u64>| value.map(|value| ([("", ""); 0], value));
        if let Some(seconds) = self.cpu_seconds {
            let help = "Processor time, in the process and in the system for it.";
            families.time("process_cpu", help, MetricType::Counter, seconds)?;
        }
        let resident = alone(self.resident_bytes);
        families.bytes_gauge("process_resident_memory", "Memory in use.", resident)?;
        let help = "Address space that is given out.";
        families.bytes_gauge("process_virtual_memory", help, alone(self.virtual_bytes))?;
        families.gauge(
            "process_open_fds",
            "Open files and sockets.",
            alone(self.open_fds),
        )?;
        let help = "How many files and sockets may be open.";
        families.gauge("process_max_fds", help, alone(self.max_fds))?;
        families.gauge("process_threads", "Threads.", alone(self.threads))?;
        if let Some(seconds) = self.start_seconds {
            let help = "When the process began, since 1970, UTC.";
            families.time("process_start_time", help, MetricType::Gauge, seconds)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::{SystemTime, UNIX_EPOCH};

    use super::*;

    #[test]
    fn a_line_of_the_system_is_read_by_the_numbers_of_its_fields() {
        let stat = "17 (a) b) S 1 17 17 0 -1 4194560 500 0 0 0 250 50 0 0 20 0 9 0 4000 104857600 2560 18446744073709551615 1";
        let system = "cpu  1 2\nctxt 5\nbtime 900\nprocesses 3\n";
        let process = Process::parse(stat, system, 100.0, 4096);
        assert_eq!(
            process,
            Process {
                cpu_seconds: Some(3.0),
                threads: Some(9),
                start_seconds: Some(940.0),
                virtual_bytes: Some(104_857_600),
                resident_bytes: Some(10_485_760),
                ..Process::default()
            }
        );
        assert_eq!(Process::parse("", "", 100.0, 4096), Process::default());
    }

    #[test]
    fn the_system_says_all_of_this_process() {
        let process = Process::read();
        assert!(
            process.threads >= Some(1) && process.open_fds >= Some(3),
            "{process:?}"
        );
        assert!(process.max_fds >= process.open_fds, "{process:?}");
        assert!(
            process.virtual_bytes > process.resident_bytes,
            "{process:?}"
        );
        let began = process.start_seconds.unwrap();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let age = now.as_secs_f64() - began;
        assert!((-1.0..3600.0).contains(&age), "{age}");
    }
}
