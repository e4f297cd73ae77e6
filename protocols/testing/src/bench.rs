//! Codecs measured in frames and in bytes per second.

use bytes::BytesMut;
use criterion::{Bencher, Criterion, Throughput};
use std::hint::black_box;
use tokio_util::codec::Decoder;

/// Measures how fast a new codec reads `wire`, which holds so many `frames` and arrives in pieces of `cut` bytes.
///
/// # Panics
/// The codec does not find so many frames.
pub fn decoding<D: Decoder>(
    criterion: &mut Criterion,
    name: &str,
    codec: impl Fn() -> D,
    wire: &[u8],
    frames: usize,
    cut: usize,
) {
    assert_eq!(decode(codec(), wire, cut), frames, "{name}");
    in_frames_and_bytes(criterion, name, frames, wire.len(), |bencher| {
        bencher.iter(|| decode(codec(), wire, cut));
    });
}

/// Measures how fast `write` appends one frame.
pub fn encoding(criterion: &mut Criterion, name: &str, write: impl Fn(&mut BytesMut)) {
    let mut out = BytesMut::with_capacity(8192);
    write(&mut out);
    let bytes = out.len();
    in_frames_and_bytes(criterion, name, 1, bytes, |bencher| {
        bencher.iter(|| {
            out.clear();
            write(&mut out);
            black_box(out.len())
        });
    });
}

fn in_frames_and_bytes(
    criterion: &mut Criterion,
    name: &str,
    frames: usize,
    bytes: usize,
    mut run: impl FnMut(&mut Bencher<'_>),
) {
    let mut group = criterion.benchmark_group(name);
    group.throughput(Throughput::Elements(frames as u64));
    group.bench_function("frames", &mut run);
    group.throughput(Throughput::Bytes(bytes as u64));
    group.bench_function("bytes", &mut run);
    group.finish();
}

/// How many frames a codec found.
fn decode<D: Decoder>(mut codec: D, wire: &[u8], cut: usize) -> usize {
    let mut input = BytesMut::with_capacity(wire.len());
    let mut frames = 0;
    for piece in wire.chunks(cut) {
        input.extend_from_slice(piece);
        while let Ok(Some(frame)) = codec.decode(&mut input) {
            black_box(frame);
            frames += 1;
        }
    }
    frames
}
