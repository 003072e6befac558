from dataclasses import replace
from pathlib import Path

from bitpath_cli.benchmarks import Case
from bitpath_cli.benchmarks._gemm_cases import Shape, cpu_cases, is_compared, shape_of
from tests.benchmarks.scenes import context

LIBRARY = {"library": "torch 2.13.0"}


def cases(tmp_path: Path, *, threads: int = 4, thorough: bool = False) -> list[Case]:
    return list(cpu_cases(context(tmp_path, threads=threads, thorough=thorough), {**LIBRARY}))


def squares(found: list[Case]) -> list[tuple[object, object, object]]:
    return [
        (c.parameters["dtype"], c.parameters["m"], c.parameters["threads"])
        for c in found if "shape" not in c.parameters
    ]  # fmt: skip


def layers(found: list[Case]) -> list[tuple[object, object, object]]:
    return [
        (c.parameters["dtype"], c.parameters["m"], c.parameters["k"])
        for c in found if c.parameters.get("shape") in ("vector", "skinny")
    ]  # fmt: skip


def test_squares_of_every_dtype_and_one_with_one_thread(tmp_path: Path) -> None:
    assert squares(cases(tmp_path)) == [
        ("float32", 256, 4), ("float32", 1024, 4), ("float32", 2048, 4), ("float32", 1024, 1),
        ("bfloat16", 1024, 4), ("bfloat16", 2048, 4), ("bfloat16", 1024, 1),
        ("int8", 1024, 4), ("int8", 2048, 4), ("int8", 1024, 1),
        ("float64", 1024, 4), ("float64", 1024, 1), ("float16", 512, 4),
    ]  # fmt: skip


def test_the_few_rows_of_a_linear_layer_and_batches(tmp_path: Path) -> None:
    found = cases(tmp_path)
    assert layers(found) == [
        (dtype, rows, 4096) for dtype in ("float32", "bfloat16") for rows in (1, 8, 32)
    ]
    batched = [c.parameters for c in found if c.parameters.get("shape") == "batched"]
    assert [(c["dtype"], c["batch"], c["m"]) for c in batched] == [
        ("float32", 32, 256), ("bfloat16", 32, 256),
    ]  # fmt: skip


def test_a_quick_budget_has_the_squares_alone(tmp_path: Path) -> None:
    quick = replace(context(tmp_path, threads=4), quick=True)
    found = list(cpu_cases(quick, {**LIBRARY}))
    assert squares(found) == squares(cases(tmp_path))
    assert len(found) == len(squares(found))


def test_a_thorough_budget_has_more_of_all(tmp_path: Path) -> None:
    found = cases(tmp_path, thorough=True)
    assert ("float32", 4096, 4) in squares(found)
    assert max(size for dtype, size, _ in squares(found) if dtype == "float16") == 1024  # type: ignore[type-var]
    assert {("int8", 8, 1024), ("bfloat16", 32, 4096)} <= set(layers(found))
    one_thread = [c.parameters for c in found if c.parameters["threads"] == 1]
    assert {c.get("shape") for c in one_thread} == {None, "vector", "skinny", "batched"}


def test_nothing_is_measured_twice(tmp_path: Path) -> None:
    for threads in (1, 4):
        for thorough in (False, True):
            found = cases(tmp_path, threads=threads, thorough=thorough)
            assert len(found) == len({str(sorted(c.parameters.items())) for c in found})


def test_parameters_and_shape_say_the_same(tmp_path: Path) -> None:
    found = {shape_of(c) for c in cases(tmp_path)}
    assert Shape("float32", 1, 4096, 4096, kind="vector") in found
    assert Shape("bfloat16", 256, 256, 256, batch=32, kind="batched") in found
    assert Shape("int8", 2048, 2048, 2048) in found


def test_work_and_bytes_by_hand() -> None:
    """2·3·4·5 FLOP, and 3×5, 5×4 and 3×4 elements, seven times."""
    assert Shape("float32", 3, 4, 5, batch=7).operations == 7 * 120
    assert Shape("float32", 3, 4, 5, batch=7).size_bytes == 7 * 4 * (15 + 20 + 12)
    # Of int8 the sums have four bytes.
    assert Shape("int8", 3, 4, 5).size_bytes == 15 + 20 + 4 * 12


def test_other_libraries_are_tried_for_the_squares_of_a_processor(tmp_path: Path) -> None:
    compared = {
        (c.parameters["dtype"], c.parameters.get("shape"))
        for c in cases(tmp_path) if is_compared(c)
    }  # fmt: skip
    assert compared == {("float32", None), ("float64", None), ("bfloat16", None)}
