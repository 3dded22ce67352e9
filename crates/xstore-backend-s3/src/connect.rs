//! A client of the SDK that does nothing by itself: no retries, no time limits but one, nothing from the environment
//! but credentials and, where it isn't set, the region.

use crate::Config;
use crate::bounded::BoundedAnswers;
use crate::config::Identity;
use aws_config::{AppName, BehaviorVersion};
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{
    Credentials, Region, RequestChecksumCalculation, ResponseChecksumValidation,
    StalledStreamProtectionConfig,
};
use xstore_backend::{Error, ErrorKind, Result};

/// What servers of one's own take as a region unless they are told otherwise.
const USUAL_REGION: &str = "us-east-1";

/// A client for the bucket. Needs the network only where the region isn't set and has to be asked for.
pub(crate) async fn connect(config: &Config) -> Result<aws_sdk_s3::Client> {
    let timeouts = TimeoutConfig::builder().connect_timeout(config.connect_timeout()).build();
    let builder = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .retry_config(RetryConfig::disabled())
        .timeout_config(timeouts.clone())
        // It would break off what is slow.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
        .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
        .interceptor(BoundedAnswers)
        .app_name(AppName::new("xstore").map_err(|error| {
            Error::new(ErrorKind::Other, "the SDK refuses the program's name").with_source(error)
        })?)
        .force_path_style(config.path_style());
    let builder = match config.endpoint() {
        Some(endpoint) => builder.endpoint_url(endpoint),
        None => builder,
    };
    let region = config.region().or(config.endpoint().map(|_| USUAL_REGION));
    let region = region.map(|region| Region::new(region.to_owned()));
    let builder = match config.identity() {
        Identity::Keys(keys) => {
            let token = keys.session_token().map(|token| token.expose().to_owned());
            let (id, secret) = (keys.access_key_id().expose(), keys.secret_access_key().expose());
            builder.credentials_provider(Credentials::new(id, secret, token, None, "settings")).region(region)
        }
        Identity::Chain(profile) => {
            let mut loader = aws_config::defaults(BehaviorVersion::latest()).timeout_config(timeouts);
            if let Some(profile) = profile {
                loader = loader.profile_name(profile);
            }
            if let Some(region) = region {
                loader = loader.region(region);
            }
            // Only credentials and region are taken from it: an address of a server in the environment would be that
            // of all backends.
            let found = loader.load().await;
            let mut builder = builder.region(found.region().cloned());
            builder.set_credentials_provider(found.credentials_provider());
            builder
        }
    };
    let built = builder.build();
    if built.region().is_none() {
        let message = "the region isn't known: set region, or AWS_REGION, or a region in the profile";
        return Err(Error::new(ErrorKind::Unavailable, message).with_retryable(false));
    }
    Ok(aws_sdk_s3::Client::from_conf(built))
}
