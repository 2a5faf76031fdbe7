using System.Globalization;
using System.Runtime.InteropServices;

namespace LlmThrift.Local.Tests.Native;

/// <summary>What this process holds, on Linux.</summary>
/// <param name="Resident">Bytes in memory, of whatever kind.</param>
/// <param name="Allocated">Bytes that native code has allocated and not freed, as the C library counts them.</param>
internal readonly partial record struct ProcessMemory(long Resident, long Allocated)
{
    /// <summary>Measures, when all that the garbage collector can free is freed.</summary>
    public static ProcessMemory Measure()
    {
        for (var i = 0; i < 3; i++)
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            GC.WaitForPendingFinalizers();
        }

        var resident = File.ReadLines("/proc/self/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
        var kilobytes = long.Parse(resident.AsSpan(6).TrimEnd("kB").Trim(), CultureInfo.InvariantCulture);
        var heap = MallInfo();
        return new ProcessMemory(1024 * kilobytes, (long)(heap.InUse + heap.Mapped));
    }

    public static ProcessMemory operator -(ProcessMemory after, ProcessMemory before) =>
        new(after.Resident - before.Resident, after.Allocated - before.Allocated);

    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Resident / 1e6:F1} MB resident, {Allocated / 1e3:F0} kB allocated");

    [LibraryImport("libc", EntryPoint = "mallinfo2")]
    private static partial HeapInfo MallInfo();

    [StructLayout(LayoutKind.Sequential)]
    private struct HeapInfo
    {
        public nuint Arena;
        public nuint FreeChunks;
        public nuint FastChunks;
        public nuint MappedRegions;
        public nuint Mapped;
        public nuint Unused;
        public nuint FastFree;
        public nuint InUse;
        public nuint Free;
        public nuint Releasable;
    }
}
