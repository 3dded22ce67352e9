//! What a backend can do.

/// What a backend can do, for good: it doesn't change while the value lives.
///
/// ```
/// use xstore_backend::Capability;
/// let capability = Capability::MINIMAL.with_durable(true).with_max_put(1 << 30);
/// assert!(capability.durable && !capability.list);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Capability {
    /// Bytes of the largest value that a put takes.
    pub max_put: u64,
    /// Whether Ok from a put means that the value survives a power loss. Only such shares count towards a store's
    /// write quorum.
    pub durable: bool,
    /// Whether [`PutOptions::create_only`](crate::PutOptions::create_only) is decided by the backend in one step.
    /// Where it isn't, the option is obeyed as well as can be, and two writers at once may both succeed.
    pub create_only: bool,
    /// Whether [`list`](crate::StorageBackend::list) works.
    pub list: bool,
    /// Whether [`PutOptions::ttl`](crate::PutOptions::ttl) makes the backend remove values by itself.
    pub expiry: bool,
    /// Whether [`get_range`](crate::StorageBackend::get_range) transfers just the range.
    pub range: bool,
    /// Whether a write may still land after the process that sent it has ended. True for everything behind a network.
    pub late_writes: bool,
}

impl Capability {
    /// What can be expected of any backend: values of up to 80 MiB, which is the longest share that there is, and
    /// nothing else.
    pub const MINIMAL: Self = Self {
        max_put: 80 << 20,
        durable: false,
        create_only: false,
        list: false,
        expiry: false,
        range: false,
        late_writes: true,
    };
}

macro_rules! with {
    ($($with:ident $field:ident: $type:ty),+) => {
        impl Capability {
            $(
                #[doc = concat!("The same with another [`", stringify!($field), "`](Self::", stringify!($field), ").")]
                #[must_use]
                pub const fn $with(mut self, $field: $type) -> Self {
                    self.$field = $field;
                    self
                }
            )+
        }
    };
}

with!(
    with_max_put max_put: u64,
    with_durable durable: bool,
    with_create_only create_only: bool,
    with_list list: bool,
    with_expiry expiry: bool,
    with_range range: bool,
    with_late_writes late_writes: bool
);
