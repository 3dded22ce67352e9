//! Emulators in containers, with an engine that answers.

use std::io;

use crate::failure::Failure;
use crate::guard::Spec;
use crate::itest::emulator::{self, Emulator, Launch, Probe};
use crate::itest::port;
use crate::step::Step;

/// A program that runs containers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Engine {
    /// Docker.
    Docker,
    /// Podman.
    Podman,
}

impl Engine {
    /// The program.
    pub(crate) fn program(self) -> &'static str {
        match self {
            Self::Docker => "docker",
            Self::Podman => "podman",
        }
    }

    /// Whether there is an engine behind the program. The program alone may be a client without one.
    pub(crate) fn answers(self) -> bool {
        Step::program(self.program()).arg("info").succeeds()
    }

    /// The engine to use where none is asked for.
    pub(crate) fn found() -> Option<Self> {
        [Self::Docker, Self::Podman].into_iter().find(|engine| engine.answers())
    }

    /// Fetches an image that isn't there. An engine does that by itself, too, but then it looks as if the server
    /// took minutes to start.
    ///
    /// # Errors
    /// [`Failure::Failed`] if it can't be had.
    pub(crate) fn pull(self, emulator: Emulator) -> Result<(), Failure> {
        let Some(image) = image(emulator) else { return Ok(()) };
        let step = || Step::program(self.program());
        if step().args(["image", "inspect", image]).succeeds() {
            return Ok(());
        }
        step().args(["pull", "--quiet", image]).run()
    }

    /// How to start an emulator on a port that is free now; none for one that has no image.
    ///
    /// # Errors
    /// If the system has no port to give.
    pub(crate) fn launch(self, emulator: Emulator) -> io::Result<Option<Launch>> {
        let [port] = port::free()?;
        Ok(image(emulator).map(|image| self.launch_at(emulator, image, port)))
    }

    fn launch_at(self, emulator: Emulator, image: &str, port: u16) -> Launch {
        let name = format!("xstore-itest-{}-{port}", emulator.name());
        let inner = match emulator {
            Emulator::S3 => 9000,
            Emulator::Azure => 10000,
            Emulator::Redis => 6379,
            Emulator::Gcs | Emulator::WebDav => port,
        };
        let words = ["run", "--rm", "--name", &name, "-p", &format!("127.0.0.1:{port}:{inner}")];
        let mut args: Vec<String> = words.map(str::to_owned).to_vec();
        let probe = match emulator {
            Emulator::S3 => {
                let (key, secret) = (emulator::ACCESS_KEY, emulator::SECRET_KEY);
                args.extend(["-e".into(), format!("MINIO_ROOT_USER={key}")]);
                args.extend(["-e".into(), format!("MINIO_ROOT_PASSWORD={secret}")]);
                args.extend(["--entrypoint", "sh", image, "-c"].map(str::to_owned));
                // A folder that is there before the server is a bucket to it.
                let bucket = emulator::BUCKET;
                args.push(format!("mkdir -p /data/{bucket} && exec minio server /data"));
                Probe::Ok { port, target: "/minio/health/ready" }
            }
            Emulator::Azure => {
                let words = [image, "azurite-blob", "--blobHost", "0.0.0.0", "--blobPort", "10000"];
                args.extend(words.map(str::to_owned));
                args.extend(emulator::azurite_arguments());
                Probe::Server { port, target: "/devstoreaccount1?comp=list", name: "Azurite" }
            }
            Emulator::Gcs | Emulator::WebDav => {
                args.push(image.to_owned());
                args.extend(emulator::fake_gcs_arguments("0.0.0.0", port));
                Probe::Ok { port, target: "/_internal/healthcheck" }
            }
            Emulator::Redis => {
                args.extend([image, "redis-server"].map(str::to_owned));
                args.extend(emulator::redis_arguments());
                Probe::Redis { port }
            }
        };
        let spec = Spec::new(self.program()).args(args).after([self.program(), "rm", "--force", &name]);
        Launch { spec, port, ready: vec![probe] }
    }
}

/// The image of an emulator, by version and, where it is known, by digest.
fn image(emulator: Emulator) -> Option<&'static str> {
    match emulator {
        Emulator::S3 => Some(
            "docker.io/minio/minio:RELEASE.2025-09-07T16-13-09Z\
             @sha256:14cea493d9a34af32f524e538b8346cf79f3321eff8e708c1e2960462bd8936e",
        ),
        Emulator::Azure => Some(
            "mcr.microsoft.com/azure-storage/azurite:3.35.0\
             @sha256:647c63a91102a9d8e8000aab803436e1fc85fbb285e7ce830a82ee5d6661cf37",
        ),
        Emulator::Gcs => Some("docker.io/fsouza/fake-gcs-server:1.54.0"),
        Emulator::Redis => Some(
            "docker.io/library/redis:7.4.7-alpine\
             @sha256:02f2cc4882f8bf87c79a220ac958f58c700bdec0dfb9b9ea61b62fb0e8f1bfcf",
        ),
        // Its authors publish none.
        Emulator::WebDav => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(engine: Engine, emulator: Emulator) -> String {
        engine.launch_at(emulator, image(emulator).unwrap(), 4711).spec.shown()
    }

    #[test]
    fn the_command_lines_are_these() {
        assert_eq!(
            shown(Engine::Docker, Emulator::S3),
            "docker run --rm --name xstore-itest-s3-4711 -p 127.0.0.1:4711:9000 -e MINIO_ROOT_USER=AKIATESTKEY \
             -e MINIO_ROOT_PASSWORD=testsecret --entrypoint sh \
             docker.io/minio/minio:RELEASE.2025-09-07T16-13-09Z\
             @sha256:14cea493d9a34af32f524e538b8346cf79f3321eff8e708c1e2960462bd8936e \
             -c mkdir -p /data/testbucket && exec minio server /data"
        );
        assert_eq!(
            shown(Engine::Podman, Emulator::Azure),
            "podman run --rm --name xstore-itest-azure-4711 -p 127.0.0.1:4711:10000 \
             mcr.microsoft.com/azure-storage/azurite:3.35.0\
             @sha256:647c63a91102a9d8e8000aab803436e1fc85fbb285e7ce830a82ee5d6661cf37 \
             azurite-blob --blobHost 0.0.0.0 --blobPort 10000 --skipApiVersionCheck --disableProductStyleUrl \
             --disableTelemetry --silent --inMemoryPersistence --extentMemoryLimit 2048"
        );
        assert_eq!(
            shown(Engine::Docker, Emulator::Gcs),
            "docker run --rm --name xstore-itest-gcs-4711 -p 127.0.0.1:4711:4711 \
             docker.io/fsouza/fake-gcs-server:1.54.0 -scheme http -host 0.0.0.0 -port 4711 -backend memory \
             -external-url http://127.0.0.1:4711 -public-host 127.0.0.1:4711"
        );
        assert_eq!(
            shown(Engine::Docker, Emulator::Redis),
            "docker run --rm --name xstore-itest-redis-4711 -p 127.0.0.1:4711:6379 \
             docker.io/library/redis:7.4.7-alpine\
             @sha256:02f2cc4882f8bf87c79a220ac958f58c700bdec0dfb9b9ea61b62fb0e8f1bfcf \
             redis-server --save  --appendonly yes --appendfsync always"
        );
    }

    #[test]
    fn a_container_is_removed_when_its_client_is_gone() {
        let launch = Engine::Podman.launch(Emulator::Gcs).unwrap().unwrap();
        let name = format!("xstore-itest-gcs-{}", launch.port);
        let removed = format!("{:?}", ["podman", "rm", "--force", &name]);
        assert!(format!("{:?}", launch.spec).contains(&removed), "{launch:?}");
        assert_eq!(Engine::Docker.launch(Emulator::WebDav).unwrap(), None);
    }
}
