using ForgeShop.Contracts;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Npgsql;

namespace ForgeShop.Users;

/// <summary>What a login or a refresh answers.</summary>
/// <param name="AccessToken">For <c>Authorization: Bearer</c>.</param>
/// <param name="TokenType">Always <c>Bearer</c>.</param>
/// <param name="ExpiresIn">Seconds from now.</param>
/// <param name="RefreshToken">Good for one refresh.</param>
public sealed record TokenAnswer(string AccessToken, string TokenType, int ExpiresIn, string RefreshToken);

/// <summary>Opens sessions, goes on with them, ends them.</summary>
public sealed partial class UserSessions(
    UsersDb db, AccessTokens tokens, ForgeIds ids, IOptions<TokenOptions> options, TimeProvider time, ILogger<UserSessions> logger)
{
    private const int SessionsAtOnce = 100;

    public async Task<TokenAnswer> OpenAsync(User user, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        // A session's ID is derived from its millisecond; of two logins in the same one, the second takes the next.
        var issued = now.AddTicks(-(now.Ticks % TimeSpan.TicksPerMillisecond));
        for (var attempt = 0; ; attempt++, issued = issued.AddMilliseconds(1))
        {
            var session = Session.Open(ids.Session(user.Id, issued), user.Id, issued, options.Value.SessionLifetime);
            db.Sessions.Add(session);
            var refreshToken = AddToken(session, now);
            try
            {
                await db.SaveChangesAsync(cancellationToken);
                return await AnswerAsync(user, session, refreshToken, cancellationToken);
            }
            catch (DbUpdateException error) when (attempt < SessionsAtOnce && error.InnerException is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation })
            {
                db.ChangeTracker.Clear();
            }
        }
    }

    /// <summary>New tokens for an unused one; null if it is not good any more.</summary>
    public Task<TokenAnswer?> RefreshAsync(string refreshToken, CancellationToken cancellationToken) =>
        db.Database.CreateExecutionStrategy().ExecuteAsync(token => RotateAsync(RefreshToken.HashOf(refreshToken), token), cancellationToken);

    private async Task<TokenAnswer?> RotateAsync(byte[] hash, CancellationToken cancellationToken)
    {
        db.ChangeTracker.Clear();
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        // Locked, so that of two who show the same token at once the second finds it used.
        var shown = await db.RefreshTokens.FromSql($"select * from refresh_tokens where hash = {hash} for update").SingleOrDefaultAsync(cancellationToken);
        if (shown is null)
            return null;
        var session = await db.Sessions.FromSql($"select * from sessions where id = {shown.SessionId.Value} for update").SingleAsync(cancellationToken);
        var now = time.GetUtcNow();
        if (!session.IsOpen(now))
            return null;
        if (shown.UsedAt is not null)
        {
            // Either this is a thief, or the one who used it was. Nobody can tell, so both have to log in again.
            session.End(Session.Reused, now);
            await db.SaveChangesAsync(cancellationToken);
            await transaction.CommitAsync(cancellationToken);
            LogReused(logger, session.Id, session.UserId);
            return null;
        }

        var user = await db.Users.SingleAsync(known => known.Id == session.UserId, cancellationToken);
        if (now >= shown.ExpiresAt || user.DeactivatedAt is not null)
            return null;
        shown.Use(now);
        var next = AddToken(session, now);
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return await AnswerAsync(user, session, next, cancellationToken);
    }

    private string AddToken(Session session, DateTimeOffset now)
    {
        var expires = now + options.Value.RefreshTokenLifetime;
        db.RefreshTokens.Add(RefreshToken.Create(session.Id, expires < session.ExpiresAt ? expires : session.ExpiresAt, out var token));
        return token;
    }

    private async Task<TokenAnswer> AnswerAsync(User user, Session session, string refreshToken, CancellationToken cancellationToken) =>
        new(await tokens.ForUserAsync(user.Id, session.Id, user.Permissions, cancellationToken), "Bearer", tokens.ExpiresIn, refreshToken);

    [LoggerMessage(LogLevel.Warning, "A refresh token was shown a second time: session {Session} of user {User} is over")]
    private static partial void LogReused(ILogger logger, SessionId session, UserId user);
}
