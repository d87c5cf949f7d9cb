using ForgeShop.Contracts;

namespace ForgeShop.Users;

/// <summary>What a name and a password must be. Each rule answers with the sentence for the person who broke it, or with null.</summary>
public static class AccountRules
{
    public const int MaxPasswordLength = 256;

    /// <summary>Returns the name as it is stored, or what is wrong with it.</summary>
    public static (string? Text, string? Problem) Name(string? name) => DisplayName.Check(name, "A name", 2, 100);

    public static string? Password(string? password)
    {
        if (password is null)
            return "A password is required.";
        if (password.Length > MaxPasswordLength)
            return $"A password has at most {MaxPasswordLength} characters.";
        var mixed = password.Any(char.IsUpper) && password.Any(char.IsLower) && password.Any(char.IsDigit);
        if (password.Length < 12 && !(password.Length >= 8 && mixed))
            return "A password has at least 12 characters, or at least 8 with an upper-case letter, a lower-case letter and a digit.";
        return CommonPasswords.Contains(password) ? "This password is one of the commonest, which are tried first. Choose another." : null;
    }
}
