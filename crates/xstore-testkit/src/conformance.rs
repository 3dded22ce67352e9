//! The macro that makes a test of each case.

/// Makes one test of every [case](crate::cases), in a module of its own: `backend_conformance!(name, factory)`, or
/// without the name in a module `conformance`.
///
/// The factory is called without arguments, once for each case: an async function or closure that returns a
/// [`Fixture`](crate::Fixture), or `Result<Fixture, Skip>` where it may have none to give. Each test has a tokio
/// runtime of its own with several threads, and a real clock.
///
/// ```
/// use std::sync::Arc;
/// use xstore_backend::{BackendId, memory::MemoryBackend};
/// use xstore_testkit::{Fixture, backend_conformance};
///
/// async fn memory() -> Fixture {
///     let id = BackendId::new("memory").unwrap();
///     Fixture::new(Arc::new(MemoryBackend::new(id)))
/// }
///
/// backend_conformance!(on_memory, memory);
/// # fn main() {}
/// ```
///
/// `cargo test on_memory::list` runs the cases about listing, `cargo test -- --nocapture` shows what was skipped.
#[macro_export]
macro_rules! backend_conformance {
    ($name:ident, $factory:expr $(,)?) => {
        mod $name {
            #[allow(unused_imports)]
            use super::*;

            fn __fixture() -> $crate::__FixtureFuture {
                ::std::boxed::Box::pin(async { $crate::IntoFixture::into_fixture(($factory)().await) })
            }

            $crate::__for_each_case! { [$crate::__tests] }
        }
    };
    ($factory:expr $(,)?) => {
        $crate::backend_conformance!(conformance, $factory);
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __tests {
    ($($group:ident: [$($case:ident,)*])*) => {
        $(mod $group {
            $(#[test]
            fn $case() {
                $crate::__test(concat!(stringify!($group), "::", stringify!($case)), super::__fixture());
            })*
        })*
    };
}
