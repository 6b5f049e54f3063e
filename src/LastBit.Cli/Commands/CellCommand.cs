using System.CommandLine;
using LastBit.Cli.Execution;
using LastBit.Experiments;
using LastBit.Runs;

namespace LastBit.Cli.Commands;

/// <summary>
/// `lastbit cell DIR NAME...`: what a task of a job array runs. People need it only to do one by hand, so help does not show it.
/// </summary>
internal static class CellCommand
{
    internal static Command Create()
    {
        var folder = new Argument<string>("DIR") { Description = "A folder whose cells are planned." };
        var names = new Argument<string[]>("NAME")
        { Description = "The names of the cells, as `lastbit status` shows them.", Arity = ArgumentArity.OneOrMore };
        var engine = OptionTypes.Choice("--engine", "cpu", SettingOption.WordsOf<EngineChoice>(),
            "What computes; where run.json says it, it stands.");
        var device = OptionTypes.Count("--device", 0, "Which device of OpenCL computes.", 0);
        var checkEvery = OptionTypes.Count("--check-every", 0, "Steps between two that the CPU computes too; 0 for one an epoch.", 0);
        var command = new Command("cell", "Computes some cells of a run folder and nothing else.")
            { folder, names, engine, device, checkEvery, CommonOptions.Threads, CommonOptions.Quiet };
        command.Hidden = true;
        command.SetAction(parse =>
        {
            string path = parse.GetRequiredValue(folder);
            int threads = CommonOptions.ThreadsOf(parse);
            var choice = (EngineChoice)Array.IndexOf(SettingOption.WordsOf<EngineChoice>(), parse.GetValue(engine));
            Interruption.Current.WhatToDo = "The next task, or the same call, resumes.";
            foreach (string name in parse.GetRequiredValue(names))
            {
                Progress.Show(parse.GetValue(CommonOptions.Quiet), observer =>
                {
                    RunCells.Compute(name, new ExperimentContext(path, threads, observer, Interruption.Current.Token)
                    {
                        // run.json names an engine whose bits are its own, and none that keeps the contract.
                        Engines = (asked, threads) => EngineList.Create(asked.Engine.HasOwnBits() ? asked : asked with
                        {
                            Engine = choice,
                            Device = parse.GetValue(device),
                            CheckEvery = parse.GetValue(checkEvery) is > 0 and var steps ? steps : null,
                        }, threads),
                    });
                    return 0;
                });
                // Left to another process that is at work on it: this task has not done what it was to do.
                if (RunCells.StatusOf(path).FirstOrDefault(cell => cell.Name == name) is not { State: CellState.Done })
                    throw new InputException($"{name}: another process is working on it; this task leaves it to that process");
            }
            return CommandLine.Done;
        });
        return command;
    }
}
