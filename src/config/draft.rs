//! The configuration while layers are laid over it.

use super::error::{ConfigError, Origin};
use super::keys::{self, Keys};
use super::listeners::{self, Item};
#[cfg(feature = "nats")]
use super::section::BusUrl;
use super::section::{ClientMode, FilesUrl, Store, StoreUrl};
use super::written::{Entry, Source};
use super::{Config, HTTP};
use crate::dialects::{AnyDialect, Settings};
use crate::gateway::TlsMode;
use crate::settings::{Key, Value, ValueError, Written};

/// Begins with the defaults; each entry beats those before it.
pub(super) struct Draft {
    /// Without listeners, and with the store's path as it was written.
    pub(super) config: Config,
    /// The dialects' sections: what listeners of each begin with.
    dialects: Vec<Settings>,
    pub(super) keys: Keys,
    /// The `[[listener]]`s, once there was a list of them.
    items: Option<Vec<Item>>,
    errors: Vec<ConfigError>,
}

impl Draft {
    pub(super) fn new(dialects: &[&dyn AnyDialect]) -> Self {
        let config = Config {
            data_dir: "tolmach-data".into(),
            name: "tolmach".into(),
            store: Store::default(),
            files: Default::default(),
            bus: Default::default(),
            node: Default::default(),
            runtime: Default::default(),
            accounts: Default::default(),
            rooms: Default::default(),
            listeners: Vec::new(),
            http: Default::default(),
            tls: Default::default(),
            presence: Default::default(),
            limits: Default::default(),
            log: Default::default(),
            shutdown: Default::default(),
            origins: Default::default(),
        };
        let dialects: Vec<_> = dialects.iter().map(|kind| kind.settings()).collect();
        Self {
            config,
            keys: Keys::of(&dialects),
            dialects,
            items: None,
            errors: Vec::new(),
        }
    }

    /// What holds where no layer is laid over it: the configuration without listeners, and the dialects' sections.
    pub(super) fn into_defaults(self) -> (Config, Vec<Settings>) {
        (self.config, self.dialects)
    }

    /// Lays a layer over what there is; what is wrong in it is kept for the end.
    pub(super) fn apply_all(&mut self, entries: Vec<Result<Entry, ConfigError>>) {
        for entry in entries {
            if let Err(error) = entry.and_then(|entry| self.apply(entry)) {
                self.errors.push(error);
            }
        }
    }

    fn apply(&mut self, entry: Entry) -> Result<(), ConfigError> {
        let Entry {
            key,
            written,
            source,
        } = entry;
        let line = written.line;
        let outcome = match key.as_str() {
            "listener" => self.listen(written, &source),
            _ => self.set(&key, &written),
        };
        if let Err(ValueError {
            wrong,
            right,
            line: inner,
        }) = outcome
        {
            return Err(ConfigError::new(
                source.at(inner.unwrap_or(line)),
                key,
                wrong,
                right,
            ));
        }
        self.config.origins.set(key, source.at(line));
        Ok(())
    }

    fn set(&mut self, key: &str, written: &Written) -> Result<(), ValueError> {
        if let Some(done) = Key::set(keys::GENERAL, &mut self.config, key, written) {
            return done;
        }
        let (section, name) = key.split_once('.').unwrap_or(("", key));
        let dialect = self
            .dialects
            .iter_mut()
            .find(|settings| settings.dialect() == section);
        let done = dialect.and_then(|settings| settings.set(name, written));
        done.unwrap_or_else(|| Err(self.keys.unknown(key)))
    }

    fn listen(&mut self, written: Written, source: &Source) -> Result<(), ValueError> {
        let wrong = |written: &Written| {
            let right = "write [[listener]] and its keys below it";
            ValueError {
                line: Some(written.line),
                ..ValueError::new(format!("{} is not a listener", written.quote()), right)
            }
        };
        let Value::List(list) = written.value else {
            return Err(wrong(&written));
        };
        let mut items = Vec::new();
        for (index, written) in list.into_iter().enumerate() {
            match written.value {
                Value::Table(fields) => items.push(Item::new(source, index, written.line, fields)),
                _ => return Err(wrong(&written)),
            }
        }
        self.items = Some(items);
        Ok(())
    }

    /// What the layers together mean on a machine.
    pub(super) fn finish(mut self, has_ipv6: fn() -> bool) -> Result<Config, ConfigError> {
        let (mut config, mut errors) = (self.config, self.errors);
        config.listeners = match self.items.take() {
            Some(items) => {
                listeners::given(&items, &self.dialects, &mut config.origins, &mut errors)
            }
            None => listeners::defaults(&self.dialects, &mut config.origins),
        };
        http_like_listeners(&mut config);
        errors.extend(certificate_and_key(&config).err());
        errors.extend(client_and_authorities(&config).err());
        errors.extend(clients_required_and_plain(&config).err());
        errors.extend(database_apart(&config).err());
        errors.extend(files_that_last(&config).err());
        errors.extend(bucket_and_its_key(&config).err());
        #[cfg(feature = "nats")]
        errors.extend(store_of_several(&config).err());
        listeners::fit(&mut config.listeners, has_ipv6);
        errors.extend(listeners::no_two_alike(&config));
        ConfigError::none_of(errors)?;
        config.resolve();
        Ok(config)
    }
}

/// What a gateway has in its data directory beside the database, by which nothing else is called.
const OWN: [&str; 5] = ["lock", "control.sock", "control.new", "audit.jsonl", "tls"];

/// The database is none of the gateway's other files, which it makes and removes.
fn database_apart(config: &Config) -> Result<(), ConfigError> {
    let StoreUrl::Sqlite(path) = &config.store.url else {
        return Ok(());
    };
    let path = config.data_dir.join(path);
    let Some(own) = OWN
        .iter()
        .find(|own| path.starts_with(config.data_dir.join(own)))
    else {
        return Ok(());
    };
    let wrong = format!("{own} in data_dir is where the gateway has a file of its own");
    Err(config.unusable(
        "store.url",
        wrong,
        "name another file, as \"sqlite:tolmach.db\"",
    ))
}

/// Files that nobody will know of are not kept.
fn files_that_last(config: &Config) -> Result<(), ConfigError> {
    match (&config.store.url, &config.files.url) {
        (StoreUrl::Memory, url) if *url != FilesUrl::Beside => {
            let wrong = "given, and store.url is \"memory:\", which keeps nothing";
            Err(config.unusable(
                "files.url",
                wrong,
                "leave it out, or use a store that lasts",
            ))
        }
        _ => Ok(()),
    }
}

/// What is said of a bucket is for one, and its access key is whole.
fn bucket_and_its_key(config: &Config) -> Result<(), ConfigError> {
    let files = &config.files;
    let said = [
        ("files.endpoint", &files.endpoint),
        ("files.region", &files.region),
        ("files.access_key_id", &files.access_key_id),
        ("files.secret_access_key", &files.secret_access_key),
    ];
    let needless = said.iter().find(|(_, said)| said.is_some());
    let (key, wrong, right) = match (&files.url, needless) {
        (FilesUrl::Beside | FilesUrl::Directory(_), Some((key, _))) => {
            let wrong = "given, and files.url is no s3:// bucket";
            (*key, wrong, "leave it out, or name a bucket")
        }
        (FilesUrl::Beside | FilesUrl::Directory(_), None) => return Ok(()),
        #[cfg(feature = "s3")]
        (FilesUrl::S3 { .. }, _) => {
            let right = "give both, or neither for what the environment says";
            match (&files.access_key_id, &files.secret_access_key) {
                (Some(_), None) => {
                    let wrong = "given without files.secret_access_key";
                    ("files.access_key_id", wrong, right)
                }
                (None, Some(_)) => {
                    let wrong = "given without files.access_key_id";
                    ("files.secret_access_key", wrong, right)
                }
                (Some(_), Some(_)) | (None, None) => return Ok(()),
            }
        }
    };
    Err(config.unusable(key, wrong, right))
}

/// Nodes share what they keep.
#[cfg(feature = "nats")]
fn store_of_several(config: &Config) -> Result<(), ConfigError> {
    match (&config.bus.url, &config.store.url) {
        (BusUrl::Local, _) => Ok(()),
        (BusUrl::Nats(_), StoreUrl::Sqlite(_) | StoreUrl::Memory) => {
            let wrong = "several nodes cannot share the store that store.url names";
            let right =
                "use a store.url that begins with postgres://; for one node, write \"local:\"";
            Err(config.unusable("bus.url", wrong, right))
        }
        #[cfg(feature = "postgres")]
        (BusUrl::Nats(_), StoreUrl::Postgres(_)) => Ok(()),
    }
}

/// Where nobody said how HTTP is encrypted, it is no weaker than the listeners are, and asks for no certificate that they do
/// not need.
fn http_like_listeners(config: &mut Config) {
    if config.origins.of("http.tls") != Origin::Default {
        return;
    }
    let mut listeners = config.listeners.iter().peekable();
    let is_off = listeners.peek().is_some() && listeners.all(|one| one.tls == TlsMode::Off);
    config.http.tls = match config.tls.client {
        _ if is_off => TlsMode::Off,
        ClientMode::Required => TlsMode::Required,
        ClientMode::Off | ClientMode::Optional => TlsMode::Auto,
    };
}

/// Both files, or none.
fn certificate_and_key(config: &Config) -> Result<(), ConfigError> {
    let (given, missing) = match (&config.tls.certificate, &config.tls.key) {
        (Some(_), None) => ("tls.certificate", "tls.key"),
        (None, Some(_)) => ("tls.key", "tls.certificate"),
        _ => return Ok(()),
    };
    let wrong = format!("given without {missing}");
    Err(ConfigError::new(
        config.origins.of(given),
        given,
        wrong,
        "give both, or neither for a self-signed certificate",
    ))
}

/// Where clients must show certificates, none comes in without one because it does not encrypt.
fn clients_required_and_plain(config: &Config) -> Result<(), ConfigError> {
    let auto = config.doors().find(|door| door.tls == TlsMode::Auto);
    match (config.tls.client, auto) {
        (ClientMode::Required, Some(door)) => {
            let wrong = format!(
                "\"required\", but the listener {} lets in who does not encrypt, without a certificate",
                door.name
            );
            let right = "write tls = \"required\" (or, for plain alone, \"off\") in";
            let place = match door.name {
                HTTP => "[http]",
                _ => "each [[listener]]",
            };
            let right = format!("{right} {place}");
            Err(config.unusable("tls.client", wrong, right))
        }
        _ => Ok(()),
    }
}

/// The authorities are given where clients are asked for certificates, and there alone.
fn client_and_authorities(config: &Config) -> Result<(), ConfigError> {
    let (given, wrong) = match (&config.tls.client_ca, config.tls.client) {
        (None, ClientMode::Optional | ClientMode::Required) => {
            ("tls.client", "given without tls.client_ca")
        }
        (Some(_), ClientMode::Off) => ("tls.client_ca", "given, and tls.client is \"off\""),
        _ => return Ok(()),
    };
    let right = "give the authorities' file and \"optional\" or \"required\", or neither";
    Err(config.unusable(given, wrong, right))
}
