using System.Buffers.Binary;

namespace ForgeShop.Users;

/// <summary>
/// Hashes and verifies passwords with the framework's hasher. Hashing is slow on purpose, so the number of concurrent hashes is limited to
/// the number of cores: many logins must not block other requests.
/// </summary>
public sealed class Passwords(IPasswordHasher<User> hasher, IOptions<PasswordHasherOptions> options) : IDisposable
{
    /// <summary>The iteration count of PBKDF2 with HMAC-SHA512, if none is configured.</summary>
    public const int Rounds = 210_000;

    private readonly SemaphoreSlim _room = new(Environment.ProcessorCount);
    private readonly Lazy<string> _dummyHash = new(() =>
        hasher.HashPassword(null!, Convert.ToHexString(RandomNumberGenerator.GetBytes(16))));

    public Task<string> HashAsync(string password, CancellationToken cancellationToken) =>
        RunAsync(() => hasher.HashPassword(null!, password), cancellationToken);

    /// <summary>
    /// Verifies the password with the same work for every address. Without an account it verifies against a dummy hash, and for a hash with
    /// fewer iterations it computes the missing ones. Otherwise the duration would reveal whether the account exists.
    /// </summary>
    public Task<PasswordVerificationResult> VerifyAsync(User? user, string password, CancellationToken cancellationToken) => RunAsync(
        () =>
        {
            var hash = user?.PasswordHash ?? _dummyHash.Value;
            var result = hasher.VerifyHashedPassword(user!, hash, password);
            if (result is PasswordVerificationResult.Failed && options.Value.IterationCount - RoundsOf(hash) is > 0 and var missing)
                hasher.VerifyHashedPassword(user!, WithRounds(_dummyHash.Value, missing), password);
            return user is null ? PasswordVerificationResult.Failed : result;
        },
        cancellationToken);

    public void Dispose() => _room.Dispose();

    /// <summary>
    /// Returns the iteration count of a stored hash. The framework's format: version (1 byte), hash function, iterations and salt length (4
    /// bytes each). An older format returns 0.
    /// </summary>
    private static int RoundsOf(string hash)
    {
        var bytes = Convert.FromBase64String(hash);
        return bytes is [1, ..] && bytes.Length >= 9
            ? (int)Math.Min(BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(5)), int.MaxValue)
            : 0;
    }

    private static string WithRounds(string hash, int rounds)
    {
        var bytes = Convert.FromBase64String(hash);
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(5), rounds);
        return Convert.ToBase64String(bytes);
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
