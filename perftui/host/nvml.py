"""NVIDIA cards, through the driver's own library and the module ``pynvml``."""

import ctypes
import re
from collections.abc import Iterator
from types import ModuleType
from typing import Any, NamedTuple

from perftui.errors import NoData
from perftui.host.procfs import Host
from perftui.host.text import visible
from perftui.model.gpu_section import Gpu, throttle_words

LIBRARY = "libnvidia-ml.so.1"
_NAME_LIMIT = 64
_DRIVER_FILE = "/proc/driver/nvidia/version"
_KERNEL_VERSION = re.compile(r"Kernel Module\D*?([\d.]+)")


class GpuProcess(NamedTuple):
    """One process on one card; -1 for what is not told."""

    gpu: int
    pid: int
    kind: str
    memory_bytes: int = -1
    sm_pct: int = -1
    memory_pct: int = -1
    engine_ns_total: int = -1


class _Lost(Exception):
    """The card does not answer any more."""


def open_nvml(host: Host) -> "Nvml | None":
    """None where there is no NVIDIA driver; NoData, with the remedy, where there is one that cannot be asked.

    Without a driver this costs one failed look for the library.
    """
    try:
        ctypes.CDLL(LIBRARY)
    except OSError as error:
        if not host.exists(_DRIVER_FILE):
            return None
        raise NoData(
            f"the NVIDIA driver is loaded, but its library {LIBRARY} is not here",
            "install the driver's libraries; start a container with --gpus all",
        ) from error
    try:
        import pynvml  # 5,000 lines that machines without such a card never load
    except ImportError as error:
        raise NoData("the Python module pynvml is not installed", "pip install nvidia-ml-py") from error
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError as error:
        raise _no_start(host, pynvml, error) from error
    return Nvml(pynvml)


class Nvml:
    """The library, started. A call can hang in the driver when a card is sick: not for the tick's thread."""

    def __init__(self, nvml: ModuleType) -> None:
        self._nvml = nvml
        self._known: dict[int, Gpu] = {}
        self._seen_us: dict[int, int] = {}
        self._lost_codes = {nvml.NVML_ERROR_GPU_IS_LOST, getattr(nvml, "NVML_ERROR_RESET_REQUIRED", 16)}

    def read(self) -> tuple[list[Gpu], list[GpuProcess]]:
        """All cards and what runs on them. NoData when the library does not answer as a whole."""
        try:
            count = self._nvml.nvmlDeviceGetCount()
        except self._nvml.NVMLError as error:
            raise NoData(
                f"the NVIDIA driver does not answer: {_said(error)}", "see dmesg; reload it or reboot"
            ) from error
        gpus: list[Gpu] = []
        processes: list[GpuProcess] = []
        for index in range(count):
            try:
                handle = self._nvml.nvmlDeviceGetHandleByIndex(index)
                gpus.append(self._card(index, handle))
                processes += self._processes(index, handle)
            except (_Lost, self._nvml.NVMLError) as error:
                gpus[index:] = [self._lost(index, error)]
        return gpus, processes

    def close(self) -> None:
        """Let go of the driver, which cannot be unloaded before."""
        try:
            self._nvml.nvmlShutdown()
        except self._nvml.NVMLError:
            return

    def _ask(self, function: str, handle: object, *arguments: object) -> Any:
        """The answer; None for whatever this card, driver, module or user cannot do."""
        asked = getattr(self._nvml, function, None)
        if asked is None:
            return None
        try:
            return asked(handle, *arguments)
        except self._nvml.NVMLError as error:
            if error.value in self._lost_codes:
                raise _Lost(_said(error)) from error
            return None

    def _card(self, index: int, handle: object) -> Gpu:
        nvml, ask = self._nvml, self._ask
        use = ask("nvmlDeviceGetUtilizationRates", handle)
        memory = ask("nvmlDeviceGetMemoryInfo", handle)
        sent, received = self._pcie(handle)
        card = Gpu(
            index=index,
            vendor="nvidia",
            name=visible(ask("nvmlDeviceGetName", handle) or "NVIDIA card", _NAME_LIMIT),
            uuid=visible(ask("nvmlDeviceGetUUID", handle) or "", _NAME_LIMIT),
            busy_ratio=use.gpu / 100 if use else None,
            memory_busy_ratio=use.memory / 100 if use else None,
            memory_used_bytes=memory.used if memory else None,
            memory_total_bytes=memory.total if memory else None,
            power_watts=_thousandth(ask("nvmlDeviceGetPowerUsage", handle)),
            power_limit_watts=_thousandth(ask("nvmlDeviceGetEnforcedPowerLimit", handle)),
            clock_mhz=ask("nvmlDeviceGetClockInfo", handle, nvml.NVML_CLOCK_SM),
            clock_max_mhz=ask("nvmlDeviceGetMaxClockInfo", handle, nvml.NVML_CLOCK_SM),
            memory_clock_mhz=ask("nvmlDeviceGetClockInfo", handle, nvml.NVML_CLOCK_MEM),
            memory_clock_max_mhz=ask("nvmlDeviceGetMaxClockInfo", handle, nvml.NVML_CLOCK_MEM),
            temperature_celsius=ask("nvmlDeviceGetTemperature", handle, nvml.NVML_TEMPERATURE_GPU),
            slowdown_celsius=ask("nvmlDeviceGetTemperatureThreshold", handle, nvml.NVML_TEMPERATURE_THRESHOLD_SLOWDOWN),
            throttles=self._throttles(handle),
            power_violation_ns_total=self._violation(handle, nvml.NVML_PERF_POLICY_POWER),
            thermal_violation_ns_total=self._violation(handle, nvml.NVML_PERF_POLICY_THERMAL),
            pcie_rx_bytes_total=received,
            pcie_tx_bytes_total=sent,
            ecc_corrected_total=self._ecc(handle, nvml.NVML_MEMORY_ERROR_TYPE_CORRECTED),
            ecc_uncorrected_total=self._ecc(handle, nvml.NVML_MEMORY_ERROR_TYPE_UNCORRECTED),
        )
        self._known[index] = card
        return card

    def _lost(self, index: int, error: Exception) -> Gpu:
        known = self._known.get(index)
        return Gpu(
            index=index,
            vendor="nvidia",
            name=known.name if known else "NVIDIA card",
            uuid=known.uuid if known else "",
            lost=_said(error),
        )

    def _throttles(self, handle: object) -> tuple[str, ...] | None:
        bits = self._ask("nvmlDeviceGetCurrentClocksEventReasons", handle)
        if bits is None:  # its name before driver 535
            bits = self._ask("nvmlDeviceGetCurrentClocksThrottleReasons", handle)
        return None if bits is None else throttle_words(bits)

    def _violation(self, handle: object, policy: int) -> int | None:
        status = self._ask("nvmlDeviceGetViolationStatus", handle, policy)
        return status.violationTime if status else None

    def _ecc(self, handle: object, kind: int) -> int | None:
        errors: int | None = self._ask("nvmlDeviceGetTotalEccErrors", handle, kind, self._nvml.NVML_VOLATILE_ECC)
        return errors

    def _pcie(self, handle: object) -> tuple[int | None, int | None]:
        """Bytes sent and received. The counters: ``nvmlDeviceGetPcieThroughput`` waits 20 ms for each direction."""
        fields = [getattr(self._nvml, f"NVML_FI_DEV_PCIE_COUNT_{way}_BYTES", None) for way in ("TX", "RX")]
        answers = self._ask("nvmlDeviceGetFieldValues", handle, fields) if None not in fields else None
        if not answers:
            return None, None
        sent, received = (_field(self._nvml, answer) for answer in answers)
        return sent, received

    def _processes(self, index: int, handle: object) -> Iterator[GpuProcess]:
        kinds: dict[int, list[str]] = {}
        memory: dict[int, int] = {}
        for kind in ("Compute", "Graphics"):
            listing = f"nvmlDeviceGet{kind}RunningProcesses"
            running = self._ask(f"{listing}_v3", handle)
            if running is None:  # before driver 510
                running = self._ask(f"{listing}_v2", handle)
            for process in running or ():
                kinds.setdefault(process.pid, []).append(kind.lower())
                memory[process.pid] = -1 if process.usedGpuMemory is None else process.usedGpuMemory
        if not kinds:
            return
        shares = self._shares(index, handle)
        for pid, uses in kinds.items():
            sm, memory_pct = (-1, -1) if shares is None else shares.get(pid, (0, 0))
            yield GpuProcess(index, pid, "+".join(uses), memory[pid], sm, memory_pct)

    def _shares(self, index: int, handle: object) -> dict[int, tuple[int, int]] | None:
        """Percentages by PID; None where the card does not tell. The driver logs only those that ran something."""
        nvml = self._nvml
        try:
            logged = nvml.nvmlDeviceGetProcessUtilization(handle, self._seen_us.get(index, 0))
        except nvml.NVMLError as error:
            # The module raises "success" when there is nothing to fetch.
            return {} if error.value in (nvml.NVML_SUCCESS, nvml.NVML_ERROR_NOT_FOUND) else None
        shares: dict[int, tuple[int, int]] = {}
        for entry in sorted(logged, key=lambda entry: int(entry.timeStamp)):
            shares[entry.pid] = (_percent(entry.smUtil), _percent(entry.memUtil))
            self._seen_us[index] = max(self._seen_us.get(index, 0), entry.timeStamp)
        return shares


def _no_start(host: Host, nvml: ModuleType, error: Any) -> NoData:
    if error.value == nvml.NVML_ERROR_LIB_RM_VERSION_MISMATCH:
        return NoData(
            f"the NVIDIA library is not of the version of the loaded driver{_kernel_version(host)}",
            "reload the module (modprobe -r nvidia_uvm nvidia_drm nvidia_modeset nvidia; modprobe nvidia) or reboot",
        )
    if error.value == nvml.NVML_ERROR_DRIVER_NOT_LOADED:
        return NoData("the NVIDIA driver is installed, but not loaded", "modprobe nvidia; see dmesg")
    if error.value == nvml.NVML_ERROR_NO_PERMISSION:
        return NoData("no permission to use /dev/nvidiactl", "run as root; start a container with --gpus all")
    return NoData(f"the NVIDIA library does not start: {_said(error)}", "see nvidia-smi and dmesg")


def _kernel_version(host: Host) -> str:
    try:
        found = _KERNEL_VERSION.search(host.text(_DRIVER_FILE))
    except NoData:
        return ""
    return f" ({found[1]})" if found else ""


def _field(nvml: ModuleType, answer: Any) -> int | None:
    """An unsigned field's value, None where the card does not have it."""
    if answer.nvmlReturn != nvml.NVML_SUCCESS:
        return None
    wide = answer.valueType != nvml.NVML_VALUE_TYPE_UNSIGNED_INT
    counted: int = answer.value.ullVal if wide else answer.value.uiVal
    return counted


def _thousandth(milliwatts: int | None) -> float | None:
    return None if milliwatts is None else milliwatts / 1000


def _percent(figure: int) -> int:
    """-1 for the nonsense that some drivers write."""
    return figure if 0 <= figure <= 100 else -1


def _said(error: Exception) -> str:
    return visible(str(error), 200)
