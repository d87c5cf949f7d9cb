namespace ForgeShop.Users;

/// <summary>Adds the first administrator from <c>Admin:Email</c> and <c>Admin:Password</c>; an existing account stays.</summary>
public static partial class FirstAdministrator
{
    public static async Task AddAsync(IServiceProvider services, CancellationToken cancellationToken)
    {
        var configuration = services.GetRequiredService<IConfiguration>().GetSection("Admin");
        if (configuration["Email"] is not { Length: > 0 } email || configuration["Password"] is not { Length: > 0 } password)
            return;
        if (AccountRules.Password(password) is { } broken)
            throw new InvalidOperationException($"Admin:Password is refused. {broken}");

        var (db, ids) = (services.GetRequiredService<UsersDb>(), services.GetRequiredService<ForgeIds>());
        var id = ids.User(email);
        if (await db.Users.SingleOrDefaultAsync(user => user.Id == id, cancellationToken) is { } known)
        {
            ids.Verify(known.Id, known.Email);
            // The account is not promoted, because it may belong to a customer who registered with this address first.
            if (known.Role is not Role.Administrator)
                LogTaken(services.GetRequiredService<ILogger<User>>(), id);
            return;
        }

        var administrator = User.Register(
            id, ids.Namespace("users").GetName(email), "Administrator", services.GetRequiredService<TimeProvider>().GetUtcNow(),
            Role.Administrator);
        var prepared = AccountRules.PreparePassword(password)!;
        administrator.SetPassword(await services.GetRequiredService<Passwords>().HashAsync(prepared, cancellationToken));
        db.Users.Add(administrator);
        db.Emit(
            administrator, new UserRegistered(id, administrator.Email, administrator.Name, administrator.CreatedAt), MessageOrigin.None);
        await db.SaveChangesAsync(cancellationToken);
    }

    [LoggerMessage(LogLevel.Warning, "Admin:Email names the account {User}, which is a customer's and stays one")]
    private static partial void LogTaken(ILogger logger, UserId user);
}
