using System.Security.Cryptography;
using Microsoft.AspNetCore.Identity;

namespace ForgeShop.Users;

/// <summary>
/// Hashes and verifies passwords with the framework's hasher. Slow on purpose, so no more of it runs at once than there are cores:
/// a flood of logins must not stop everything else.
/// </summary>
public sealed class Passwords(IPasswordHasher<User> hasher) : IDisposable
{
    private readonly SemaphoreSlim _room = new(Environment.ProcessorCount);
    private readonly Lazy<string> _nobodys = new(() => hasher.HashPassword(null!, Convert.ToHexString(RandomNumberGenerator.GetBytes(16))));

    public Task<string> HashAsync(string password, CancellationToken cancellationToken) =>
        RunAsync(() => hasher.HashPassword(null!, password), cancellationToken);

    /// <summary>Where there is no account, the same work is done on a hash that is nobody's.</summary>
    public Task<PasswordVerificationResult> VerifyAsync(User? user, string password, CancellationToken cancellationToken) => RunAsync(
        () =>
        {
            var result = hasher.VerifyHashedPassword(user!, user?.PasswordHash ?? _nobodys.Value, password);
            return user is null ? PasswordVerificationResult.Failed : result;
        },
        cancellationToken);

    public void Dispose() => _room.Dispose();

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
