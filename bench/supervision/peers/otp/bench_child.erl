%% A child: a gen_server that counts its start and its stop, traps exits so that `terminate` runs, and answers calls.
-module(bench_child).
-behaviour(gen_server).
-export([start_link/1, init/1, handle_call/3, handle_cast/2, handle_info/2, terminate/2]).

%% Tell: whom to tell of the start, for restarts; undefined for nobody.
start_link(Argument) -> gen_server:start_link(?MODULE, Argument, []).

init({Counts, Tell}) ->
    process_flag(trap_exit, true),
    counters:add(Counts, 1, 1),
    case Tell of
        undefined -> ok;
        Pid -> Pid ! {ready, self()}
    end,
    {ok, Counts}.

handle_call({add, Number}, _From, State) -> {reply, Number + 1, State}.
handle_cast(_, State) -> {noreply, State}.
handle_info(_, State) -> {noreply, State}.
terminate(_Reason, Counts) -> counters:add(Counts, 2, 1).
