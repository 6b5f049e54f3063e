using LastBit.Cli;

return CommandLine.Run(args);
