//! Long answers, told line by line while they are worked out.

use diligence_entities::{
    error::Error,
    what_if::{WhatIf, WhatIfLine},
};
use futures_util::stream;
use poem::Body;

use crate::answer::Lines;

/// The lines of a what-if. The first part is worked out before the answer begins, so that what can be refused is
/// refused properly.
///
/// # Errors
/// As [`WhatIf::next`].
pub(crate) async fn lines(mut what_if: WhatIf) -> Result<Lines<WhatIfLine>, Error> {
    let first = what_if.next().await?.unwrap_or_default();
    let parts = stream::try_unfold((Some(first), what_if), |(first, mut what_if)| async move {
        let part = match first {
            Some(first) => Some(first),
            None => what_if.next().await.map_err(broken)?,
        };
        Ok::<_, std::io::Error>(part.map(|part| (written(&part), (None, what_if))))
    });
    Ok(Lines::new(Body::from_bytes_stream(parts)))
}

fn written(lines: &[WhatIfLine]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for line in lines {
        // Writing to memory does not fail, and every line is plain data.
        if serde_json::to_writer(&mut bytes, line).is_ok() {
            bytes.push(b'\n');
        }
    }
    bytes
}

/// The answer has begun with 200: breaking it off is the one way left to say that it is not whole.
pub(crate) fn broken(error: Error) -> std::io::Error {
    tracing::error!(cause = %error, "a response was cut off");
    std::io::Error::other("the response was cut off")
}
