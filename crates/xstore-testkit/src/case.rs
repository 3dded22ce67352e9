//! All cases as values, and how a test runs one.

use crate::{CaseResult, Fixture, Skip, Stop};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

/// The environment variable that makes a case fail that is skipped for want of something that could be there. Any
/// value but the empty one and `0` does.
pub const REQUIRE: &str = "XSTORE_REQUIRE";

/// After this a case is held to hang. No case takes a tenth of it, also on a busy machine.
const LIMIT: Duration = Duration::from_secs(100);

type Run = fn(Fixture) -> Pin<Box<dyn Future<Output = CaseResult> + Send>>;

/// One case of the suite.
#[derive(Clone, Copy)]
pub struct Case {
    name: &'static str,
    run: Run,
}

macro_rules! table {
    ($($group:ident: [$($case:ident,)*])*) => {
        &[$($(Case {
            name: concat!(stringify!($group), "::", stringify!($case)),
            run: |fixture| Box::pin($crate::cases::$group::$case(fixture)),
        },)*)*]
    };
}

impl Case {
    /// All cases, by subject.
    pub const ALL: &[Self] = crate::__for_each_case! { [table] };

    /// Subject and name, as in `read::a_value_comes_back`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Runs it, in a tokio runtime with time and more than one thread.
    ///
    /// # Errors
    /// [`Stop::Failure`] where the backend breaks the contract, [`Stop::Skip`] where the case says nothing about it.
    pub async fn run(&self, fixture: Fixture) -> CaseResult {
        (self.run)(fixture).await
    }
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Case").field(&self.name).finish()
    }
}

/// What a factory of fixtures comes to. It needn't be sent to another thread.
#[doc(hidden)]
pub type __FixtureFuture = Pin<Box<dyn Future<Output = Result<Fixture, Skip>>>>;

/// What a generated test does: a runtime, a fixture, the case, and the verdict. Without type parameters, since
/// hundreds of tests call it.
///
/// # Panics
/// Where the case fails; that is what makes the test fail.
#[doc(hidden)]
pub fn __test(name: &str, fixture: __FixtureFuture) {
    let case = Case::ALL.iter().find(|case| case.name == name);
    let case = *case.unwrap_or_else(|| panic!("there is no case {name}"));
    let require = std::env::var_os(REQUIRE);
    let is_all_required = require.is_some_and(|value| !value.is_empty() && value != "0");
    match verdict(in_runtime(case, fixture), is_all_required) {
        Ok(None) => {}
        Ok(Some(reason)) => println!("skipped {name}: {reason}"),
        Err(message) => panic!("{name}: {message}"),
    }
}

fn in_runtime(case: Case, fixture: __FixtureFuture) -> CaseResult {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(4)
        .enable_all()
        .build()
        .unwrap_or_else(|error| panic!("no runtime: {error}"));
    let result = runtime.block_on(async {
        let fixture = fixture.await?;
        // On a worker, as in a program.
        match tokio::time::timeout(LIMIT, tokio::spawn((case.run)(fixture))).await {
            Ok(Ok(result)) => result,
            Ok(Err(error)) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(error) => Err(Stop::fail(format!("the case didn't end: {error}"))),
            },
            Err(_) => Err(Stop::fail(format!("it hangs: no end after {LIMIT:?}"))),
        }
    });
    // A blocking call that hangs must not keep the verdict back.
    runtime.shutdown_background();
    result
}

/// Nothing, or the reason of a skip, or why the test fails.
fn verdict(result: CaseResult, is_all_required: bool) -> Result<Option<String>, String> {
    match result {
        Ok(()) => Ok(None),
        Err(Stop::Skip(skip)) if is_all_required && !skip.is_explained() => {
            Err(format!("skipped, but {REQUIRE} is set: {skip}"))
        }
        Err(Stop::Skip(skip)) => Ok(Some(skip.to_string())),
        Err(failure @ Stop::Failure(_)) => Err(chain(&failure)),
    }
}

/// An error with all its causes, in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Hook;
    use std::sync::Arc;
    use xstore_backend::memory::MemoryBackend;
    use xstore_backend::{Error, ErrorKind};

    #[test]
    fn names_are_unique_and_many() {
        let mut names: Vec<_> = Case::ALL.iter().map(Case::name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Case::ALL.len());
        assert!(names.len() >= 120, "{}", names.len());
        assert!(names.contains(&"read::a_value_comes_back"));
    }

    #[test]
    fn a_skip_fails_only_where_it_could_be_helped_and_all_is_required() {
        let pointless = || Err(Skip::pointless("it can't").into());
        let missing = || Err(Skip::missing("no server").into());
        assert_eq!(verdict(Ok(()), true), Ok(None));
        assert_eq!(verdict(pointless(), false), Ok(Some("it can't".to_owned())));
        assert_eq!(verdict(pointless(), true), Ok(Some("it can't".to_owned())));
        assert_eq!(verdict(missing(), false), Ok(Some("no server".to_owned())));
        assert!(verdict(missing(), true).is_err_and(|message| message.ends_with("no server")));
    }

    #[test]
    fn a_failure_tells_its_causes() {
        let cause = Error::new(ErrorKind::Other, "odd").with_source(std::io::Error::other("deep"));
        let message = verdict(Err(Stop::failed_with("wrong", cause)), false).unwrap_err();
        assert!(message.starts_with("wrong (") && message.ends_with("): odd: deep"), "{message}");
    }

    fn fixture() -> Fixture {
        Fixture::new(Arc::new(MemoryBackend::new("memory".parse().unwrap())))
    }

    /// A fixture whose hook to take the place away does nothing of that kind, or panics.
    fn with_bad_hook(panics: bool) -> Fixture {
        fixture().with_break_root(move || {
            assert!(!panics, "the hook itself");
            std::future::ready(())
        })
    }

    #[test]
    #[should_panic(
        expected = "root::reading_is_unavailable: get without the place: must fail with Unavailable"
    )]
    fn a_failed_case_fails_its_test() {
        __test("root::reading_is_unavailable", Box::pin(async { Ok(with_bad_hook(false)) }));
    }

    #[test]
    #[should_panic(expected = "the hook itself")]
    fn a_panic_in_a_case_fails_its_test() {
        __test("root::reading_is_unavailable", Box::pin(async { Ok(with_bad_hook(true)) }));
    }

    #[test]
    fn a_missing_fixture_skips_its_test() {
        let skipped = in_runtime(Case::ALL[0], Box::pin(async { Err(Skip::missing("no server")) }));
        assert!(matches!(skipped, Err(Stop::Skip(skip)) if skip == Skip::missing("no server")));
    }

    #[test]
    fn a_missing_hook_is_excused_by_a_reason_only() {
        let case = *Case::ALL.iter().find(|case| case.name() == "root::reading_is_unavailable").unwrap();
        let run = |fixture: Fixture| in_runtime(case, Box::pin(async { Ok(fixture) }));
        assert!(matches!(run(fixture()), Err(Stop::Skip(skip)) if !skip.is_explained()));
        let excused = fixture().without(Hook::BreakRoot, "it is nowhere");
        assert!(matches!(run(excused), Err(Stop::Skip(skip)) if skip == Skip::pointless("it is nowhere")));
    }
}
