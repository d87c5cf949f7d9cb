namespace Aspire.Hosting.Orchestration;

internal static class OwnerOnlyFile
{
    /// <summary>Replaces a file in one step; nobody else can read it at any moment.</summary>
    public static void Write(string path, ReadOnlySpan<byte> content)
    {
        var draft = path + ".new";
        File.Delete(draft);
        using (var stream = new FileStream(draft, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        }))
        {
            stream.Write(content);
        }

        File.Move(draft, path, overwrite: true);
    }
}
