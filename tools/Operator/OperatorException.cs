namespace ForgeShop.Operator;

/// <summary>Something that the caller can mend: said in one line, exit code 2.</summary>
public sealed class OperatorException(string message) : Exception(message);
