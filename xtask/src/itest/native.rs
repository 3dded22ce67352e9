//! Emulators as processes of this machine.

use std::fs;
use std::io;
use std::path::Path;

use crate::failure::Failure;
use crate::guard::Spec;
use crate::itest::emulator::{self, Emulator, Launch, Probe};
use crate::itest::install::{self, Installation};
use crate::itest::port;

/// How to start an emulator on ports that are free now, with its data in `data`, which is made.
///
/// # Errors
/// [`Failure::Failed`] if it isn't there and can't be installed.
pub(crate) fn launch(
    emulator: Emulator,
    installation: &Installation,
    data: &Path,
) -> Result<Launch, Failure> {
    let made = fs::create_dir_all(data);
    let launch = match emulator {
        Emulator::S3 => seaweed(&installation.weed()?, data),
        Emulator::Azure => azurite(&installation.azurite()?),
        Emulator::Gcs => fake_gcs(&installation.fake_gcs_server()?),
        Emulator::Redis => redis(&install::system("redis-server", "redis-server")?, data),
        Emulator::WebDav => wsgidav(&installation.wsgidav()?, data),
    };
    let mut launch = made.and(launch).map_err(|e| Failure::Failed(format!("{}: {e}", emulator.name())))?;
    launch.spec = launch.spec.folder(data).remove(data);
    Ok(launch)
}

fn seaweed(weed: &Path, data: &Path) -> io::Result<Launch> {
    let [master, volume, filer, s3, admin, master_rpc, volume_rpc, filer_rpc, s3_rpc, admin_rpc] =
        port::free::<10>()?;
    let words = format!(
        // By itself it listens everywhere and sends statistics home.
        "mini -ip=127.0.0.1 -ip.bind=127.0.0.1 -master.telemetry=false \
         -master.port={master} -master.port.grpc={master_rpc} -volume.port={volume} -volume.port.grpc={volume_rpc} \
         -filer.port={filer} -filer.port.grpc={filer_rpc} -s3.port={s3} -s3.port.grpc={s3_rpc} \
         -admin.port={admin} -admin.port.grpc={admin_rpc} -admin.ui=false -webdav=false \
         -s3.port.iceberg=0 -s3.port.lance=0 -s3.autoCreateBucket=false -bucket={}",
        emulator::BUCKET
    );
    let mut args: Vec<String> = words.split_whitespace().map(str::to_owned).collect();
    args.push(format!("-dir={}", data.display()));
    // Sockets have short names only: they lie beside the others that it makes, in the temporary folder.
    let temporary = std::env::temp_dir();
    let mut spec = Spec::new(weed.to_string_lossy())
        .env("AWS_ACCESS_KEY_ID", emulator::ACCESS_KEY)
        .env("AWS_SECRET_ACCESS_KEY", emulator::SECRET_KEY);
    for service in ["filer", "s3"] {
        let socket = temporary.join(format!("xstore-{service}-{s3}.sock"));
        args.push(format!("-{service}.localSocket={}", socket.display()));
        spec = spec.remove(socket);
    }
    // It leaves a socket for each of these, under a name that can't be chosen.
    let ports = [
        ("master", master_rpc),
        ("volume", volume_rpc),
        ("filer", filer_rpc),
        ("s3", s3_rpc),
        ("admin", admin_rpc),
    ];
    for (service, port) in ports {
        spec = spec.remove(temporary.join(format!("seaweedfs-{service}-grpc-{port}.sock")));
    }
    Ok(Launch {
        spec: spec.args(args),
        port: s3,
        // The second one is right only when there is room for a first object.
        ready: vec![
            Probe::Ok { port: s3, target: "/status" },
            Probe::Ok { port: master, target: "/dir/assign" },
        ],
    })
}

fn azurite(script: &Path) -> io::Result<Launch> {
    let [port] = port::free()?;
    let args = [script.to_string_lossy().into_owned(), "--blobHost".into(), "127.0.0.1".into()];
    let args = args.into_iter().chain(["--blobPort".into(), port.to_string()]);
    let spec = Spec::new("node").args(args).args(emulator::azurite_arguments());
    let ready = vec![Probe::Server { port, target: "/devstoreaccount1?comp=list", name: "Azurite" }];
    Ok(Launch { spec, port, ready })
}

fn fake_gcs(program: &Path) -> io::Result<Launch> {
    let [port] = port::free()?;
    let spec = Spec::new(program.to_string_lossy()).args(emulator::fake_gcs_arguments("127.0.0.1", port));
    Ok(Launch { spec, port, ready: vec![Probe::Ok { port, target: "/_internal/healthcheck" }] })
}

fn redis(program: &Path, data: &Path) -> io::Result<Launch> {
    let [port] = port::free()?;
    let at = ["--bind", "127.0.0.1", "--port", &port.to_string(), "--daemonize", "no"].map(str::to_owned);
    let spec = Spec::new(program.to_string_lossy()).args(at).args(emulator::redis_arguments());
    let spec = spec.args(["--dir".to_owned(), data.to_string_lossy().into_owned()]);
    Ok(Launch { spec, port, ready: vec![Probe::Redis { port }] })
}

fn wsgidav(program: &Path, data: &Path) -> io::Result<Launch> {
    let [port] = port::free()?;
    let at = ["--host", "127.0.0.1", "--port", &port.to_string(), "--auth", "anonymous"].map(str::to_owned);
    let spec = Spec::new(program.to_string_lossy()).args(at);
    let spec = spec.args(["--root".to_owned(), data.to_string_lossy().into_owned()]);
    Ok(Launch { spec, port, ready: vec![Probe::Ok { port, target: "/" }] })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_listens_on_the_loopback_only_and_nothing_phones_home() {
        let data = Path::new("/data");
        let weed = seaweed(Path::new("weed"), data).unwrap().spec.shown();
        for word in ["-ip.bind=127.0.0.1", "-ip=127.0.0.1", "-master.telemetry=false", "-dir=/data"] {
            assert!(weed.contains(word), "{weed}");
        }
        assert!(weed.contains("-s3.autoCreateBucket=false -bucket=testbucket"), "{weed}");
        let azurite = azurite(Path::new("main.js")).unwrap();
        let shown = azurite.spec.shown();
        let begin = format!("node main.js --blobHost 127.0.0.1 --blobPort {} ", azurite.port);
        assert!(shown.starts_with(&begin) && shown.contains(" --disableTelemetry "), "{shown}");
        let gcs = fake_gcs(Path::new("gcs")).unwrap();
        assert!(gcs.spec.shown().starts_with("gcs -scheme http -host 127.0.0.1 -port "), "{gcs:?}");
        let redis = redis(Path::new("redis-server"), data).unwrap();
        assert!(redis.spec.shown().starts_with("redis-server --bind 127.0.0.1 --port "), "{redis:?}");
        let dav = wsgidav(Path::new("wsgidav"), data).unwrap().spec.shown();
        assert!(dav.starts_with("wsgidav --host 127.0.0.1 ") && dav.ends_with("--root /data"), "{dav}");
    }
}
