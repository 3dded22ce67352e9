use super::*;
use crate::scripted::Scripted;
use proptest::prelude::*;
use std::sync::Mutex;
use std::time::Duration;
use tokio::time::Instant;

const SECOND: Duration = Duration::from_secs(1);
const REPLACE: &PutOptions = &PutOptions::replace();

fn key() -> Key {
    Key::new("a/b").unwrap()
}

fn limits(max_concurrent: usize) -> Limits {
    Limits::new(NonZeroUsize::new(max_concurrent).unwrap())
}

fn rate(bytes: u64) -> NonZeroU64 {
    NonZeroU64::new(bytes).unwrap()
}

fn bytes(len: usize) -> Payload {
    Payload::from(vec![7; len])
}

/// Runs the future with a paused clock.
fn virtual_time<T>(future: impl Future<Output = T>) -> T {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(future)
}

/// One operation of a made-up load.
#[derive(Debug, Clone, Copy)]
struct Job {
    start_ms: u64,
    len: usize,
    is_put: bool,
    /// Dropped after this time, if at all.
    drop_ms: Option<u64>,
}

fn jobs(max_len: usize) -> impl Strategy<Value = Vec<Job>> {
    let job = (0u64..3000, 0..max_len, any::<bool>(), proptest::option::weighted(0.2, 0u64..5000));
    let job = job.prop_map(|(start_ms, len, is_put, drop_ms)| Job { start_ms, len, is_put, drop_ms });
    proptest::collection::vec(job, 1..40)
}

/// When how many bytes went down (of a put) or came out (of a get).
type Moved = Vec<(Instant, usize, bool)>;

/// Notes when a put reaches it.
#[derive(Debug, Clone)]
struct Noting(Scripted, Arc<Mutex<Moved>>);

#[async_trait]
impl StorageBackend for Noting {
    fn id(&self) -> &BackendId {
        self.0.id()
    }

    async fn put(&self, key: &Key, data: Payload, options: &PutOptions) -> Result<()> {
        self.1.lock().unwrap().push((Instant::now(), data.len(), true));
        self.0.put(key, data, options).await
    }

    async fn get(&self, key: &Key, max: usize) -> Result<Bytes> {
        self.0.get(key, max).await
    }

    async fn delete(&self, key: &Key) -> Result<()> {
        self.0.delete(key).await
    }
}

/// Runs the jobs against a backend with a latency of 100 ms, by two clones over one limiter.
async fn run(jobs: &[Job], limits: Limits) -> (Scripted, Moved) {
    let scripted = Scripted::new([]).with_latency(Duration::from_millis(100));
    let moved = Arc::new(Mutex::new(Moved::new()));
    let backend = Limited::new(Noting(scripted.clone(), moved.clone()), Limiter::new(limits));
    let mut tasks = Vec::new();
    for (at, job) in jobs.iter().copied().enumerate() {
        let (backend, moved) = (backend.clone(), moved.clone());
        let key = Key::new(&at.to_string()).unwrap();
        scripted.memory.put(&key, bytes(job.len), REPLACE).await.unwrap();
        let operation = async move {
            tokio::time::sleep(Duration::from_millis(job.start_ms)).await;
            if job.is_put {
                backend.put(&key, bytes(job.len), REPLACE).await.unwrap();
            } else {
                let value = backend.get(&key, usize::MAX).await.unwrap();
                moved.lock().unwrap().push((Instant::now(), value.len(), false));
            }
        };
        let end = job
            .drop_ms
            .map_or(Duration::from_secs(1 << 30), |drop| Duration::from_millis(job.start_ms + drop));
        tasks.push(tokio::spawn(tokio::time::timeout(end, operation)));
    }
    for task in tasks {
        let _dropped = task.await.unwrap();
    }
    let moved = moved.lock().unwrap().clone();
    (scripted, moved)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn never_more_in_flight_than_allowed(jobs in jobs(10), max in 1usize..6) {
        let (backend, _) = virtual_time(run(&jobs, limits(max)));
        prop_assert!(backend.most_in_flight() <= max);
        prop_assert_eq!(backend.in_flight(), 0);
    }

    #[test]
    fn bytes_stay_within_the_budget(jobs in jobs(3000), up in 1u64..5000, down in 1u64..5000, max in 1usize..50) {
        let limits = limits(max).with_upload(rate(up)).with_download(rate(down));
        let (start, moved) = virtual_time(async { (Instant::now(), run(&jobs, limits).await.1) });
        for (is_put, rate) in [(true, up), (false, down)] {
            let mut sum = 0u64;
            for (time, len, _) in moved.iter().filter(|moved| moved.2 == is_put) {
                sum += *len as u64;
                let elapsed = time.duration_since(start).as_nanos() + 50_000_000;
                let allowed = u128::from(rate) * elapsed / 1_000_000_000 + u128::from((rate / 20).max(1));
                prop_assert!(u128::from(sum) <= allowed, "{sum} of {allowed} at {time:?}");
            }
        }
        let undropped = jobs.iter().filter(|job| job.drop_ms.is_none()).count();
        prop_assert!(moved.len() >= undropped);
    }
}

#[tokio::test(start_paused = true)]
async fn the_allowed_number_is_used() {
    let job = Job { start_ms: 0, len: 1, is_put: true, drop_ms: None };
    let start = Instant::now();
    let (backend, _) = run(&[job; 12], limits(4)).await;
    assert_eq!(backend.most_in_flight(), 4);
    assert_eq!(start.elapsed(), Duration::from_millis(300));
}

#[tokio::test(start_paused = true)]
async fn the_rate_is_reached() {
    for is_put in [true, false] {
        let job = Job { start_ms: 0, len: 100_000, is_put, drop_ms: None };
        let limits = limits(50).with_upload(rate(100_000_000)).with_download(rate(100_000_000));
        let start = Instant::now();
        let (_, moved) = run(&[job; 100], limits).await;
        // 10 MB at 100 MB/s in turns that are shorter than the timer's grain, less the burst, plus the latencies.
        let time = start.elapsed();
        assert_eq!(moved.len(), 100);
        assert!((Duration::from_millis(100)..Duration::from_millis(320)).contains(&time), "{time:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_short_value_overtakes_long_ones_and_long_ones_are_not_starved() {
    for is_put in [true, false] {
        let long = Job { start_ms: 0, len: 10_000, is_put, drop_ms: None };
        let short = |start_ms| Job { start_ms, len: 100, is_put, drop_ms: None };
        let mut jobs = vec![long, long];
        jobs.extend((0..120).map(|at| short(200 + at * 200)));
        let limits = limits(50).with_upload(rate(1000)).with_download(rate(1000));
        let start = Instant::now();
        let (_, moved) = run(&jobs, limits).await;
        let times =
            |len: usize| moved.iter().filter(move |moved| moved.1 == len).map(|moved| moved.0 - start);
        // 100 bytes are two turns, and each has to wait for a few of others.
        assert!(times(100).next().unwrap() < SECOND);
        // Two long and the short ones share 1000 bytes a second: 32,000 bytes in all, of which the long ones get no
        // less than a fair part.
        assert!(times(10_000).all(|time| time > 19 * SECOND && time < 33 * SECOND));
    }
}

#[tokio::test(start_paused = true)]
async fn other_operations_do_not_wait_for_bytes() {
    let inner = Scripted::new([]);
    inner.memory.put(&key(), bytes(10_000), REPLACE).await.unwrap();
    let limits = limits(1).with_upload(rate(10)).with_download(rate(10));
    let backend = Limited::new(inner, Limiter::new(limits));
    let start = Instant::now();
    let (putting, getting) = (backend.clone(), backend.clone());
    let put = tokio::spawn(async move { putting.put(&key(), bytes(10_000), REPLACE).await });
    let get = tokio::spawn(async move { getting.get(&key(), 10_000).await });
    tokio::time::sleep(SECOND).await;
    backend.stat(&key()).await.unwrap();
    backend.delete(&key()).await.unwrap();
    backend.list(&Prefix::all(), None).await.unwrap();
    backend.space().await.unwrap();
    // An empty value costs nothing, but waits for its turn behind the one that is being sent or received.
    assert_eq!(start.elapsed(), SECOND);
    assert!(!put.is_finished() && !get.is_finished());
    put.abort();
    get.abort();
}

#[tokio::test(start_paused = true)]
async fn one_limiter_serves_several_backends() {
    let limiter = Limiter::new(limits(2).with_upload(rate(1000)));
    let backends = [Scripted::new([]), Scripted::new([])];
    let start = Instant::now();
    let puts = backends.map(|backend| {
        let backend = Limited::new(backend, limiter.clone());
        tokio::spawn(async move { backend.put(&key(), bytes(1000), REPLACE).await })
    });
    for put in puts {
        put.await.unwrap().unwrap();
    }
    assert!(start.elapsed() > Duration::from_millis(1800));
}

#[tokio::test(start_paused = true)]
async fn who_is_dropped_gives_back_the_permit() {
    let key = key();
    let limits = limits(1).with_upload(rate(10)).with_download(rate(10));
    let inner = Scripted::new([]).with_latency(5 * SECOND);
    inner.memory.put(&key, bytes(1000), REPLACE).await.unwrap();
    let backend = Limited::new(inner, Limiter::new(limits));
    let free = || {
        let shared = &backend.limiter.shared;
        let values = |budget: &Option<Budget>| budget.as_ref().unwrap().values.available_permits();
        (shared.operations.available_permits(), values(&shared.upload), values(&shared.download))
    };
    // While it is below, while it pays, and while it waits for one of them.
    for seconds in [1, 7] {
        let get = backend.get(&key, 1000);
        let second = backend.get(&key, 1000);
        let both = async { tokio::join!(get, second) };
        let (time, seconds) = (Instant::now(), Duration::from_secs(seconds));
        assert!(tokio::time::timeout(seconds, both).await.is_err());
        assert_eq!((free(), time.elapsed(), backend.inner().in_flight()), ((1, 1, 1), seconds, 0));
    }
    let put = backend.put(&key, bytes(1000), REPLACE);
    assert!(tokio::time::timeout(SECOND, put).await.is_err());
    assert_eq!(free(), (1, 1, 1));
    let delete = backend.delete(&key);
    assert!(tokio::time::timeout(SECOND, delete).await.is_err());
    assert_eq!(free(), (1, 1, 1));
}

#[tokio::test(start_paused = true)]
async fn the_queue_goes_on_after_a_dropped_payer() {
    let pacer = Arc::new(Pacer::new(rate(100)));
    let start = Instant::now();
    let first = tokio::time::timeout(SECOND, pacer.pay(1_000_000));
    let second = pacer.pay(50);
    let (first, ()) = tokio::join!(first, second);
    assert!(first.is_err());
    // Both took turns for a second: half of the rate for each, and the burst.
    let time = start.elapsed();
    assert!((Duration::from_millis(800)..=Duration::from_millis(1100)).contains(&time), "{time:?}");
    let start = Instant::now();
    pacer.pay(100).await;
    let time = start.elapsed();
    assert!((Duration::from_millis(900)..=Duration::from_millis(1100)).contains(&time), "{time:?}");
}

#[tokio::test(start_paused = true)]
async fn a_pause_earns_no_more_than_the_burst() {
    let pacer = Pacer::new(rate(1000));
    pacer.pay(500).await;
    tokio::time::advance(100 * SECOND).await;
    let start = Instant::now();
    pacer.pay(100).await;
    assert!(start.elapsed() <= Duration::from_millis(1));
    pacer.pay(900).await;
    assert!(start.elapsed() >= Duration::from_millis(900));
}

#[tokio::test]
async fn extreme_rates_neither_panic_nor_hang() {
    tokio::time::pause();
    let start = Instant::now();
    Pacer::new(rate(u64::MAX)).pay(u64::MAX).await;
    let time = start.elapsed();
    assert!((Duration::from_millis(900)..=Duration::from_millis(1100)).contains(&time), "{time:?}");
    let start = Instant::now();
    Pacer::new(rate(1)).pay(10).await;
    assert!((8 * SECOND..=10 * SECOND).contains(&start.elapsed()));
    let limiter = Limiter::new(limits(usize::MAX));
    assert_eq!(limiter.shared.operations.available_permits(), Semaphore::MAX_PERMITS);
}

#[tokio::test(start_paused = true)]
async fn only_so_many_values_are_here_and_unpaid() {
    for is_put in [true, false] {
        let job = Job { start_ms: 0, len: 1000, is_put, drop_ms: None };
        let limits = limits(1).with_upload(rate(1000)).with_download(rate(1000));
        let start = Instant::now();
        let (_, moved) = run(&[job; 4], limits).await;
        // One after the other, though the permits would let the backend be asked for all of them meanwhile.
        let seconds: Vec<u128> =
            moved.iter().map(|moved| (moved.0 - start + SECOND / 2).as_millis() / 1000).collect();
        assert_eq!(seconds, [1, 2, 3, 4], "{moved:?}");
    }
}
