namespace ForgeShop.Operator;

/// <summary>An error that the caller can correct: one line and exit code 2.</summary>
public sealed class OperatorException(string message) : Exception(message);
