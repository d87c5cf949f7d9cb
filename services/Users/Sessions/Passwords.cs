using System.Buffers.Binary;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;

namespace ForgeShop.Users;

/// <summary>
/// Hashes and verifies passwords with the framework's hasher. Slow on purpose, so no more of it runs at once than there are cores:
/// a flood of logins must not stop everything else.
/// </summary>
public sealed class Passwords(IPasswordHasher<User> hasher, IOptions<PasswordHasherOptions> options) : IDisposable
{
    /// <summary>Of PBKDF2 with HMAC-SHA512, where nothing else is configured.</summary>
    public const int Rounds = 210_000;

    private readonly SemaphoreSlim _room = new(Environment.ProcessorCount);
    private readonly Lazy<string> _nobodys = new(() => hasher.HashPassword(null!, Convert.ToHexString(RandomNumberGenerator.GetBytes(16))));

    public Task<string> HashAsync(string password, CancellationToken cancellationToken) =>
        RunAsync(() => hasher.HashPassword(null!, password), cancellationToken);

    /// <summary>
    /// Where there is no account, the same work is done on a hash that is nobody's; where its hash is of a time with fewer rounds, the rest is done as well. Or
    /// the time that a wrong password takes would tell whether somebody is there.
    /// </summary>
    public Task<PasswordVerificationResult> VerifyAsync(User? user, string password, CancellationToken cancellationToken) => RunAsync(
        () =>
        {
            var hash = user?.PasswordHash ?? _nobodys.Value;
            var result = hasher.VerifyHashedPassword(user!, hash, password);
            if (result is PasswordVerificationResult.Failed && options.Value.IterationCount - RoundsOf(hash) is > 0 and var missing)
                Rfc2898DeriveBytes.Pbkdf2(password, RandomNumberGenerator.GetBytes(16), missing, HashAlgorithmName.SHA512, 32);
            return user is null ? PasswordVerificationResult.Failed : result;
        },
        cancellationToken);

    public void Dispose() => _room.Dispose();

    /// <summary>The framework writes: the format (1), the hash function, the rounds, the length of the salt; 4 bytes each but the first. An older format counts as none.</summary>
    private static int RoundsOf(string hash)
    {
        var bytes = Convert.FromBase64String(hash);
        return bytes is [1, ..] && bytes.Length >= 9 ? (int)Math.Min(BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(5)), int.MaxValue) : 0;
    }

    private async Task<T> RunAsync<T>(Func<T> work, CancellationToken cancellationToken)
    {
        await _room.WaitAsync(cancellationToken);
        try
        {
            return await Task.Run(work, cancellationToken);
        }
        finally
        {
            _room.Release();
        }
    }
}
