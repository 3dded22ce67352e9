//! Writes that land when nobody waits for them any more.

use crate::faulty::Faults;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use xstore_backend::{Key, Payload, PutOptions, StorageBackend};

/// What is to be written.
#[derive(Debug, Clone)]
pub(crate) enum Write {
    Put(Payload, PutOptions),
    Delete,
}

/// Those that are pending.
#[derive(Debug, Default)]
pub(crate) struct Late {
    last: u64,
    pending: HashMap<u64, Pending>,
}

#[derive(Debug)]
struct Pending {
    key: Key,
    is_withdrawable: bool,
}

impl Late {
    pub(crate) fn pending(&self) -> usize {
        self.pending.len()
    }

    /// Takes back what a deletion of this key takes back.
    pub(crate) fn withdraw(&mut self, key: &Key) {
        self.pending.retain(|_, pending| !(pending.is_withdrawable && pending.key == *key));
    }

    fn add(&mut self, key: &Key, is_withdrawable: bool) -> u64 {
        self.last += 1;
        self.pending.insert(self.last, Pending { key: key.clone(), is_withdrawable });
        self.last
    }
}

/// Lets a write land later, unless it is taken back.
pub(crate) fn land<B: StorageBackend>(
    inner: Arc<B>,
    faults: Faults,
    key: Key,
    write: Write,
    after: Duration,
    is_withdrawable: bool,
) {
    let number = faults.state().late.add(&key, is_withdrawable);
    tokio::spawn(async move {
        tokio::time::sleep(after).await;
        if faults.state().late.pending.contains_key(&number) {
            // Nobody hears of a failure.
            let _ = write_through(&*inner, &faults, &key, write).await;
        }
        faults.state().late.pending.remove(&number);
        faults.wake_settled();
    });
}

/// Does it, and notes it in the history where it succeeds.
pub(crate) async fn write_through<B: StorageBackend>(
    inner: &B,
    faults: &Faults,
    key: &Key,
    write: Write,
) -> xstore_backend::Result<()> {
    let value = match write {
        Write::Put(data, options) => {
            inner.put(key, data.clone(), &options).await?;
            Some(data)
        }
        Write::Delete => {
            inner.delete(key).await?;
            None
        }
    };
    faults.state().history.record(key, value);
    Ok(())
}
