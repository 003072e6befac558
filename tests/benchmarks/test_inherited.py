from bitpath_cli.benchmarks._inherited import inherited, without

ENVIRONMENT = {
    "PATH": "/bin", "OPENBLAS_CORETYPE": "Haswell", "OPENBLAS_NUM_THREADS": "1",
    "ONEDNN_MAX_CPU_ISA": "AVX2", "ONEDNN_VERBOSE": "1", "OMP_PROC_BIND": "close",
    "MKL_CBWR": "COMPATIBLE",
}  # fmt: skip
WITH_MKL = "torch 2.13.0+cpu (mkl)"


def test_each_library_has_its_own_variables() -> None:
    assert inherited(ENVIRONMENT, "numpy") == ("MKL_CBWR", "OMP_PROC_BIND", "OPENBLAS_CORETYPE")
    assert inherited(ENVIRONMENT, WITH_MKL) == ("MKL_CBWR", "OMP_PROC_BIND", "ONEDNN_MAX_CPU_ISA")


def test_a_torch_with_another_blas_reads_that_ones() -> None:
    assert "OPENBLAS_CORETYPE" in inherited(ENVIRONMENT, "torch 2.13.0 (open)")


def test_threads_are_set_by_hand_and_count_as_nothing() -> None:
    threads = {"OMP_NUM_THREADS": "4", "MKL_NUM_THREADS": "4", "OPENBLAS_NUM_THREADS": "4"}
    assert inherited(threads, "numpy") == inherited(threads, WITH_MKL) == ()


def test_the_rest_of_the_environment_stays() -> None:
    assert without({"A": "1", "B": "2"}, ("B", "C")) == {"A": "1"}
