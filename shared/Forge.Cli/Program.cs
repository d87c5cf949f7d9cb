using System.Text;
using ForgeShop.Forge.Cli;

using var input = Console.OpenStandardInput();
using var output = new StreamWriter(Console.OpenStandardOutput(), new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), 1 << 16);
using var error = new StreamWriter(Console.OpenStandardError(), output.Encoding) { AutoFlush = true };
return ForgeTool.Run(args, input, output, error);
