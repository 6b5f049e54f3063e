using LastBit.Cli;
using LastBit.Cli.Commands;

return CommandLine.Run(AllCommands.Tree, args);
