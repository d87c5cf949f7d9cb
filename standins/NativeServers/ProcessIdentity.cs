using System.Globalization;

namespace ForgeShop.StandIns.NativeServers;

/// <summary>
/// A process by its number AND its start time since boot: numbers are used again, so nothing is ever signalled by number alone.
/// </summary>
public readonly record struct ProcessIdentity(int Id, ulong StartTicks)
{
    /// <summary>The process with this number as it is now, or null if there is none (a zombie is none).</summary>
    public static ProcessIdentity? Of(int processId) => Stat.Read(processId) is { IsAlive: true } stat ? stat.Identity : null;

    public bool IsAlive => Of(Id) == this;

    /// <summary>Signals exactly this process; false if it is gone.</summary>
    public bool Signal(UnixSignal signal) => IsAlive && UnixSignals.Send(Id, signal);

    /// <summary>
    /// This process's living descendants and everybody in the session that it leads, itself included. PostgreSQL's children
    /// open sessions of their own, so neither the session nor the process group alone would find all.
    /// </summary>
    public IReadOnlyList<ProcessIdentity> Tree()
    {
        var all = Stat.ReadAll();
        var (id, start) = (Id, StartTicks);
        if (all.Any(one => one.Identity.Id == id && one.Identity.StartTicks != start))
            return []; // the number has been given to somebody else, which happens only when nobody of the session is left

        var members = new HashSet<int> { id };
        for (var before = 0; before != members.Count;)
        {
            before = members.Count;
            members.UnionWith(all.Where(one => one.Session == id || members.Contains(one.Parent)).Select(one => one.Identity.Id));
        }

        return [.. all.Where(one => members.Contains(one.Identity.Id)).Select(one => one.Identity)];
    }

    /// <summary>The fields of /proc/PID/stat that matter here.</summary>
    private sealed record Stat(ProcessIdentity Identity, char State, int Parent, int Session)
    {
        public bool IsAlive => State is not ('Z' or 'X');

        public static IReadOnlyList<Stat> ReadAll() =>
        [
            .. Directory.EnumerateDirectories("/proc")
                .Select(path => int.TryParse(Path.GetFileName(path), CultureInfo.InvariantCulture, out var id) ? Read(id) : null)
                .OfType<Stat>()
                .Where(stat => stat.IsAlive),
        ];

        public static Stat? Read(int processId)
        {
            string text;
            try
            {
                text = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{processId}/stat"));
            }
            catch (IOException)
            {
                return null; // ended between the listing and the reading
            }

            // pid (name) state ppid pgrp session ... ; the name may hold spaces and parentheses.
            var fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
            return new Stat(
                new ProcessIdentity(processId, ulong.Parse(fields[19], CultureInfo.InvariantCulture)),
                fields[0][0],
                int.Parse(fields[1], CultureInfo.InvariantCulture),
                int.Parse(fields[3], CultureInfo.InvariantCulture));
        }
    }
}
