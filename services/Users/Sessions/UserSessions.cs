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
    private const int SessionsInARow = 100;

    /// <summary>
    /// A session for whoever knew the password behind <paramref name="verifiedHash"/>; null if it was changed, or the account closed,
    /// while the password was being verified.
    /// </summary>
    /// <param name="id">Whose.</param>
    /// <param name="verifiedHash">The hash that the password was verified with.</param>
    /// <param name="rehashed">The same password hashed as passwords are hashed today, if it was not.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    public Task<TokenAnswer?> OpenAsync(UserId id, string verifiedHash, string? rehashed, CancellationToken cancellationToken) =>
        db.Database.CreateExecutionStrategy().ExecuteAsync(async token =>
        {
            db.ChangeTracker.Clear();
            await using var transaction = await db.Database.BeginTransactionAsync(token);
            // Locked, so that whoever changes the password afterwards finds this session and ends it.
            var user = await db.LockUserAsync(id, token);
            if (user?.PasswordHash != verifiedHash || user.DeactivatedAt is not null)
                return null;
            if (rehashed is not null)
                await db.Users.Where(known => known.Id == id).ExecuteUpdateAsync(set => set.SetProperty(known => known.PasswordHash, rehashed), token);
            var now = time.GetUtcNow();
            var session = await InsertAsync(id, now, token);
            var refreshToken = RefreshToken.NewText();
            AddToken(refreshToken, session, now);
            await db.SaveChangesAsync(token);
            await transaction.CommitAsync(token);
            return await AnswerAsync(user, session, refreshToken, token);
        }, cancellationToken);

    /// <summary>New tokens for an unused one; null if it is not good any more.</summary>
    public Task<TokenAnswer?> RefreshAsync(string refreshToken, CancellationToken cancellationToken)
    {
        // Made once and not once a try, so that a try after a lost connection knows what an earlier one has committed.
        var (shown, next) = (RefreshToken.HashOf(refreshToken), RefreshToken.NewText());
        return db.Database.CreateExecutionStrategy().ExecuteAsync(token => RotateAsync(shown, next, token), cancellationToken);
    }

    /// <summary>Ends the session that a refresh token belongs to, if there is one.</summary>
    public Task EndAsync(string refreshToken, CancellationToken cancellationToken)
    {
        var (hash, now) = (RefreshToken.HashOf(refreshToken), time.GetUtcNow());
        return EndAsync(db.Sessions.Where(session => db.RefreshTokens.Any(token => token.Hash == hash && token.SessionId == session.Id)), Session.LoggedOut, now, cancellationToken);
    }

    /// <summary>Ends all of a user's sessions, in the transaction that the caller has open and in which the user is locked.</summary>
    public Task EndAllAsync(UserId user, string reason, DateTimeOffset now, CancellationToken cancellationToken) =>
        EndAsync(db.Sessions.Where(session => session.UserId == user), reason, now, cancellationToken);

    private static Task EndAsync(IQueryable<Session> sessions, string reason, DateTimeOffset now, CancellationToken cancellationToken) =>
        sessions.Where(session => session.EndedAt == null).ExecuteUpdateAsync(
            set => set.SetProperty(session => session.EndedAt, now).SetProperty(session => session.EndReason, reason), cancellationToken);

    private async Task<Session> InsertAsync(UserId user, DateTimeOffset now, CancellationToken cancellationToken)
    {
        // A session's ID is derived from its millisecond; of two logins in the same one, the second takes the next.
        var issued = now.AddTicks(-(now.Ticks % TimeSpan.TicksPerMillisecond));
        for (var attempt = 0; ; attempt++, issued = issued.AddMilliseconds(1))
        {
            var session = Session.Open(ids.Session(user, issued), user, issued, options.Value.SessionLifetime);
            db.Sessions.Add(session);
            try
            {
                await db.SaveChangesAsync(cancellationToken);
                return session;
            }
            catch (DbUpdateException error) when (attempt < SessionsInARow && error.InnerException is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation })
            {
                db.Entry(session).State = EntityState.Detached;
            }
        }
    }

    private async Task<TokenAnswer?> RotateAsync(byte[] hash, string next, CancellationToken cancellationToken)
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
        var user = await db.Users.SingleAsync(known => known.Id == session.UserId, cancellationToken);
        if (shown.UsedAt is not null)
        {
            // Used by this very request, whose connection was lost before it was told: nobody else has the next token.
            var ours = RefreshToken.HashOf(next);
            if (await db.RefreshTokens.AnyAsync(token => token.Hash == ours, cancellationToken))
                return await AnswerAsync(user, session, next, cancellationToken);
            // Either this is a thief, or the one who used it was. Nobody can tell, so both have to log in again.
            session.End(Session.Reused, now);
            await db.SaveChangesAsync(cancellationToken);
            await transaction.CommitAsync(cancellationToken);
            LogReused(logger, session.Id, session.UserId);
            return null;
        }

        if (now >= shown.ExpiresAt)
            return null;
        shown.Use(now);
        AddToken(next, session, now);
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return await AnswerAsync(user, session, next, cancellationToken);
    }

    private void AddToken(string token, Session session, DateTimeOffset now)
    {
        var expires = now + options.Value.RefreshTokenLifetime;
        db.RefreshTokens.Add(RefreshToken.Create(token, session.Id, expires < session.ExpiresAt ? expires : session.ExpiresAt));
    }

    private async Task<TokenAnswer> AnswerAsync(User user, Session session, string refreshToken, CancellationToken cancellationToken) =>
        new(await tokens.ForUserAsync(user.Id, session.Id, user.Permissions, cancellationToken), "Bearer", tokens.ExpiresIn, refreshToken);

    [LoggerMessage(LogLevel.Warning, "A refresh token was shown a second time: session {Session} of user {User} is over")]
    private static partial void LogReused(ILogger logger, SessionId session, UserId user);
}
