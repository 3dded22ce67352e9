//! How long a get takes with one of three places frozen, and without.

use std::time::Duration;

use tokio::time::Instant;
use xstore::Store;
use xstore::backend::Bytes;
use xstore::manifest::Manifest;

use crate::kind::{Kind, Trouble};
use crate::mix::Mix;
use crate::proxy::Condition;

/// The places.
const KINDS: [Kind; 3] = [Kind::S3, Kind::Azure, Kind::Gcs];

/// Bytes of the object.
const SIZE: usize = 1 << 20;

/// Gets by which a store learns how fast its places are.
const LESSONS: usize = 3;

/// Times of one kind of get.
#[derive(Debug, Clone, Default)]
struct Times(Vec<Duration>);

impl Times {
    fn median(&self) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort();
        sorted.get(sorted.len() / 2).map_or(0.0, Duration::as_secs_f64)
    }

    fn text(&self) -> String {
        let ms = |time: Option<&Duration>| time.map_or(0.0, |time| time.as_secs_f64() * 1000.0);
        format!(
            "{:.0} ms ({:.0} to {:.0})",
            self.median() * 1000.0,
            ms(self.0.iter().min()),
            ms(self.0.iter().max())
        )
    }
}

/// Measures so many rounds, each with every place frozen in its turn, and gives a table in Markdown.
///
/// # Errors
/// If a get fails, or reads other bytes.
pub async fn measure(mix: &Mix, rounds: usize) -> Result<String, Trouble> {
    let body: Bytes = vec![0x5a; SIZE].into();
    let manifest = mix.open(&KINDS, 2).await?.put("measured", body.clone()).await?;
    let mut times: [Times; 5] = Default::default();
    let [new_well, new_frozen, known_well, known_first, known_next] = &mut times;
    for _ in 0..rounds {
        for kind in KINDS {
            let Some(proxy) = mix.proxy(kind) else { continue };
            // The frozen one is asked first, as long as nobody knows.
            let order: Vec<Kind> =
                [kind].into_iter().chain(KINDS.into_iter().filter(|other| *other != kind)).collect();
            let (new, other, known) =
                (mix.open(&order, 2).await?, mix.open(&order, 2).await?, mix.open(&order, 2).await?);
            new_well.0.push(get(&new, &manifest, &body).await?);
            for _ in 0..LESSONS {
                get(&known, &manifest, &body).await?;
            }
            known_well.0.push(get(&known, &manifest, &body).await?);
            proxy.set(Condition::Frozen).await?;
            new_frozen.0.push(get(&other, &manifest, &body).await?);
            known_first.0.push(get(&known, &manifest, &body).await?);
            known_next.0.push(get(&known, &manifest, &body).await?);
            proxy.set(Condition::Pass).await?;
        }
    }
    let deleted = mix.open(&KINDS, 2).await?.delete(&manifest).await?;
    if !deleted.remaining().is_empty() {
        return Err("what was measured can't be deleted".into());
    }
    let row = |name: &str, well: &Times, frozen: &Times| {
        let ratio = frozen.median() / well.median().max(f64::MIN_POSITIVE);
        format!("| {name} | {} | {} | {ratio:.1} |\n", well.text(), frozen.text())
    };
    Ok(format!(
        "**A get of 1 MiB from any two of three, one of them frozen** ({} gets of each kind, each place frozen in its \
         turn; median and range):\n\n| a store | all well | one frozen | ratio of medians |\n|---|---:|---:|---:|\n{}{}{}",
        new_well.0.len(),
        row("that was just opened", new_well, new_frozen),
        row("that knows its places, first get since", known_well, known_first),
        row("the same, next get", known_well, known_next)
    ))
}

async fn get(store: &Store, manifest: &Manifest, body: &Bytes) -> Result<Duration, Trouble> {
    let begin = Instant::now();
    let got = store.get(manifest).await?;
    let time = begin.elapsed();
    if got == *body { Ok(time) } else { Err("other bytes were read".into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        let times = Times([5, 1, 9].map(Duration::from_millis).to_vec());
        assert_eq!(times.text(), "5 ms (1 to 9)");
        assert_eq!(Times::default().text(), "0 ms (0 to 0)");
    }
}
