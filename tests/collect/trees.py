"""Captured hosts in miniature, as the kernel prints them: a virtual machine and a machine with two memory nodes."""

from pathlib import Path

SNMP = """\
Ip: Forwarding DefaultTTL InReceives InDiscards OutDiscards OutNoRoutes ReasmFails
Ip: 2 64 900 1 2 3 4
Tcp: MaxConn ActiveOpens PassiveOpens AttemptFails EstabResets CurrEstab InSegs OutSegs RetransSegs InErrs OutRsts
Tcp: -1 10 20 30 40 50 60 70 80 90 100
Udp: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors
Udp: 1 2 3 4 5 6
"""
NETSTAT = """\
TcpExt: SyncookiesSent PruneCalled ListenOverflows ListenDrops TCPTimeouts TCPReqQFullDrop TCPRcvQDrop
TcpExt: 11 12 13 14 15 16 17
IpExt: InNoRoutes InTruncatedPkts
IpExt: 0 0
"""
SNMP6 = (
    "Ip6InReceives                   \t5\nIp6InDiscards                   \t7\nUdp6InDatagrams                 \t100\n"
)
SOCKSTAT = """\
sockets: used 300
TCP: inuse 12 orphan 1 tw 5 alloc 14 mem 3
UDP: inuse 2 mem 1
RAW: inuse 0
"""
SOCKSTAT6 = "TCP6: inuse 4\nUDP6: inuse 1\n"

VM_INTERRUPTS = """\
           CPU0       CPU1
 24:          5          0  IO-APIC   5-edge      ACPI:Ged
 36:          0       1000 PCI-MSIX-0000:00:02.0   1-edge      virtio1-req.0
 37:          0          0 PCI-MSIX-0000:00:03.0   0-edge      virtio2-config
LOC:       2000       3000   Local timer interrupts
TLB:         10         10   TLB shootdowns
ERR:          7
"""
SOFTIRQS = """\
                    CPU0       CPU1       CPU2       CPU3
       TIMER:         10         20          0          0
      NET_RX:         30         40          0          0
"""


def write(root: Path, files: dict[str, str]) -> None:
    """Files by their path under ``root``."""
    for path, content in files.items():
        file = root / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)


def net_files(folder: str) -> dict[str, str]:
    """What a network namespace tells below ``folder``."""
    contents = {"snmp": SNMP, "netstat": NETSTAT, "snmp6": SNMP6, "sockstat": SOCKSTAT, "sockstat6": SOCKSTAT6}
    return {f"{folder}/{name}": content for name, content in contents.items()}


def virtual_machine(root: Path) -> None:
    """Two CPUs, one node, one disk, no sensors, no cpufreq."""
    files = net_files("/proc/net") | {
        "/proc/interrupts": VM_INTERRUPTS,
        "/proc/softirqs": SOFTIRQS,
        "/proc/net/softnet_stat": _softnet(0x20, 1, 2, 0) + _softnet(0x10, 0, 0, 1),
        "/proc/cpuinfo": "processor\t: 0\nflags\t\t: fpu hypervisor\ncpu MHz\t\t: 2300.000\n",
        "/proc/swaps": "Filename\tType\tSize\tUsed\tPriority\n",
        "/sys/devices/system/cpu/online": "0-1\n",
        "/sys/devices/system/node/node0/meminfo": "Node 0 MemTotal:  2048 kB\nNode 0 MemFree:  1024 kB\n",
        "/sys/devices/system/node/node0/numastat": "numa_hit 10\nnuma_miss 0\n",
        "/sys/devices/system/node/node0/cpulist": "0-1\n",
        "/sys/devices/system/node/node0/distance": "10\n",
        "/sys/class/net/eth0/mtu": "1500\n",
        "/sys/class/net/eth0/speed": "-1\n",
        "/sys/class/net/eth0/duplex": "unknown\n",
        "/sys/class/net/eth0/operstate": "up\n",
        "/sys/class/net/eth0/carrier_changes": "2\n",
    }
    write(root, files)


def real_machine(root: Path) -> None:
    """Four CPUs of which one is offline, two nodes, cpufreq, hwmon, RAPL, zram and a fast link."""
    files = {
        "/sys/devices/system/cpu/online": "0-1,3\n",
        "/proc/cpuinfo": "processor\t: 0\nflags\t\t: fpu\ncpu MHz\t\t: 3100.500\n",
        "/proc/swaps": (
            "Filename\tType\tSize\tUsed\tPriority\n"
            "/dev/zram0  partition\t1024\t512\t100\n"
            "/swap\\040file file\t2048\t0\t-2\n"
        ),
        "/sys/block/zram0/disksize": "1048576\n",
        "/sys/block/zram0/mm_stat": "  400000   100000   120000        0   130000        5        0        0\n",
        "/sys/block/zram1/disksize": "0\n",
        "/sys/block/sda/size": "1\n",
        "/sys/class/net/eth0/mtu": "9000\n",
        "/sys/class/net/eth0/speed": "25000\n",
        "/sys/class/net/eth0/duplex": "full\n",
        "/sys/class/net/eth0/operstate": "up\n",
        "/sys/class/net/eth0/carrier_changes": "4\n",
        "/sys/class/net/bonding_masters": "\n",
    }
    for node, cpus in ((0, "0-1"), (1, "2-3")):
        folder = f"/sys/devices/system/node/node{node}"
        files[f"{folder}/meminfo"] = (
            f"Node {node} MemTotal:  {4096 * (node + 1)} kB\nNode {node} MemFree:  1024 kB\n"
            f"Node {node} FilePages:  512 kB\nNode {node} AnonPages:  256 kB\nNode {node} HugePages_Total:     3\n"
        )
        files[f"{folder}/numastat"] = (
            f"numa_hit {1000 * (node + 1)}\nnuma_miss 5\nnuma_foreign 6\n"
            "interleave_hit 0\nlocal_node 900\nother_node 7\n"
        )
        files[f"{folder}/cpulist"] = f"{cpus}\n"
        files[f"{folder}/distance"] = "10 21\n"
    for cpu, khz in ((0, 3_100_000), (1, 1_200_000), (3, 800_000)):
        folder = f"/sys/devices/system/cpu/cpu{cpu}"
        for name, figure in (
            ("scaling_cur_freq", khz),
            ("cpuinfo_min_freq", 800_000),
            ("cpuinfo_max_freq", 4_000_000),
            ("scaling_max_freq", 3_500_000),
            ("scaling_governor", "powersave"),
            ("scaling_driver", "intel_pstate"),
        ):
            files[f"{folder}/cpufreq/{name}"] = f"{figure}\n"
        files[f"{folder}/thermal_throttle/core_throttle_count"] = f"{cpu}\n"
        files[f"{folder}/thermal_throttle/package_throttle_count"] = "9\n"
    write(root, files | _sensors())


def _sensors() -> dict[str, str]:
    return {
        "/sys/class/hwmon/hwmon10/name": "nvme\n",
        "/sys/class/hwmon/hwmon10/temp1_input": "38850\n",
        "/sys/class/hwmon/hwmon10/temp1_crit": "84850\n",
        "/sys/class/hwmon/hwmon2/name": "coretemp\n",
        "/sys/class/hwmon/hwmon2/temp1_input": "61000\n",
        "/sys/class/hwmon/hwmon2/temp1_label": "Package id 0\n",
        "/sys/class/hwmon/hwmon2/temp1_max": "90000\n",
        "/sys/class/hwmon/hwmon2/temp1_crit": "100000\n",
        "/sys/class/hwmon/hwmon2/temp1_crit_alarm": "1\n",
        "/sys/class/hwmon/hwmon2/fan1_input": "1200\n",
        "/sys/class/hwmon/hwmon2/power1_average": "45000000\n",
        "/sys/class/hwmon/hwmon2/temp2_input": "\n",
        "/sys/class/powercap/intel-rapl:0/name": "package-0\n",
        "/sys/class/powercap/intel-rapl:0/energy_uj": "5000000\n",
        "/sys/class/powercap/intel-rapl:0/max_energy_range_uj": "262143328850\n",
        "/sys/class/powercap/intel-rapl:0:0/name": "dram\n",
        "/sys/class/powercap/intel-rapl:0:0/energy_uj": "1000000\n",
        "/sys/class/powercap/intel-rapl:0:0/max_energy_range_uj": "65712999613\n",
        "/sys/class/powercap/intel-rapl-mmio:0/energy_uj": "1\n",
    }


def _softnet(processed: int, dropped: int, squeezed: int, cpu: int) -> str:
    return (
        f"{processed:08x} {dropped:08x} {squeezed:08x} " + "00000000 " * 6 + f"00000003 00000004 00000005 {cpu:08x}\n"
    )
