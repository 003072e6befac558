from bitpath_cli.benchmarks._buckets import Bucket, gather

_MIB = 1 << 20


def test_the_first_bucket_closes_at_one_mebibyte_and_the_others_at_twenty_five() -> None:
    sizes = [_MIB // 2, _MIB, 20 * _MIB, 6 * _MIB, _MIB]
    ready = [0.1, 0.2, 0.6, 0.9, 1.0]
    assert gather(sizes, ready) == (
        Bucket(_MIB + _MIB // 2, 0.2),
        Bucket(26 * _MIB, 0.9),
        Bucket(_MIB, 1.0),
    )


def test_a_small_model_is_one_bucket_that_waits_for_the_last_gradient() -> None:
    assert gather([100, 200], [0.3, 0.8]) == (Bucket(300, 0.8),)
